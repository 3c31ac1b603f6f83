"""Commands for those who write plugins: `kumiko plugin new` and `kumiko plugin migration`."""

from __future__ import annotations

from pathlib import Path

import click

from kumiko.operate.shell import Shell


@click.command("new")
@click.argument("name")
@click.option("--path", "folder", type=click.Path(path_type=Path), help="Where; kumiko-NAME when not given.")
@click.pass_obj
def plugin_new(shell: Shell, name: str, folder: Path | None) -> None:
    """Write a plugin's project: a module that works, its migration, its tests."""
    from kumiko.operate import scaffold

    made = scaffold.write(name, folder, core=shell.core)
    shell.say(f"written: {made.folder}, {len(made.files)} files")
    shell.say("next:")
    for command in made.commands:
        shell.say(f"  {command}")
    shell.say("", ok=True, name=name, folder=str(made.folder), files=made.files, next=made.commands)


@click.command("migration")
@click.argument("name_or_path")
@click.argument("message")
@click.pass_obj
def plugin_migration(shell: Shell, name_or_path: str, message: str) -> None:
    """Write the migration that brings a plugin's tables to its declarations. Run it after fields have changed."""
    from kumiko.host import loader, manifest, models
    from kumiko.operate import migrate, migration_files, projects

    if name_or_path == migrate.HOST:
        path = migration_files.autogenerate(migrate.host_history(), models.HostBase.metadata, message)
    elif projects.is_project(name_or_path):
        path = projects.write_migration(Path(name_or_path), message)
    else:
        path = projects.migration_of(loader.load(manifest.scan(shell.core).get(name_or_path)), message)
    shell.say(
        f"written: {path}" if path else "Nothing differs: the tables are as declared.",
        path=None if path is None else str(path),
    )
