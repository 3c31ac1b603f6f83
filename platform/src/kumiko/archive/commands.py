"""`kumiko archive`: the whole company as one readable file, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kumiko.access import audit
from kumiko.archive import loading, writing
from kumiko.host.context import principal
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.operate.shell import Shell


def without_context(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a command that works without an installation: nothing is opened for it."""
    callback.kumiko_acting = True  # type: ignore[attr-defined]
    return callback


@click.group("archive")
def archive() -> None:
    """The whole company as one readable file: data, files, history, people, rights, settings."""


@archive.command("write")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def write_archive(shell: Shell, file: str) -> None:
    """Write everything into FILE (a zip), while people work. Passwords and tokens stay out."""
    if not principal().may("archive.write"):
        raise Forbidden(_("Your role does not allow you to take the whole company along."))
    manifest = writing.write(Path(file))
    audit.note("export", file, what="archive")
    rows = sum(one["rows"] for one in manifest["tables"].values())
    shell.say(
        f"{file}: {rows:,} rows of {len(manifest['tables'])} tables, {manifest['files']['count']:,} files",
        file=file, tables=len(manifest["tables"]), rows=rows, files=manifest["files"]["count"],
        missing=manifest["files"]["missing"],
    )  # fmt: skip
    if manifest["files"]["missing"]:
        shell.say(f"{len(manifest['files']['missing'])} files were not in the folder of files; they are named in it.")


@archive.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.pass_obj
@without_context
def show_archive(shell: Shell, file: str) -> None:
    """Say what FILE holds and whether it can be read in here. Reads it all, changes nothing."""
    found = loading.look(file, shell.core)
    if shell.as_json:
        shell.say_json({"manifest": found.manifest, "made": found.made, "problems": found.problems})
        return
    shell.say(f"{found.manifest['company'] or 'a company without a name'}, {found.made['made_at']}")
    for name, one in found.manifest["modules"].items():
        rows = sum(found.manifest["tables"][table]["rows"] for table in one["tables"])
        shell.say(f"  {name} {one['version']}: {rows:,} rows of {len(one['tables'])} tables")
    shell.say(f"  {found.manifest['files']['count']:,} files")
    for problem in found.problems or ("It can be read in here.",):
        shell.say(problem)


@archive.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.pass_obj
@without_context
def load_archive(shell: Shell, file: str) -> None:
    """Fill this installation, which must be empty, with FILE. It may be of the other database."""
    done = loading.load(shell.config, file, shell.core)
    shell.say(
        f"{done['rows']:,} rows of {done['tables']} tables, {done['files']:,} files. Passwords are not part of an "
        "archive: give yourself one with `kumiko user password E-MAIL`.",
        **done,
    )
    if not shell.as_json:
        for note in done["notes"]:
            shell.say(note)
