"""The command line `kumiko`: the host's own commands, and those that core plugins and plugins declare.

Exit code 0 success, 1 a refusal (one sentence on stderr), 2 wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from kumiko.host.errors import DeclarationError, KumikoError
from kumiko.operate import kit_commands, plugin_commands
from kumiko.operate.shell import Shell, in_context, split_global_options, switching


class KumikoGroup(click.Group):
    """The root: built-in commands first; only an unknown word makes us read what plugins declare."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else self._declared(ctx).get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._declared(ctx)})

    def _declared(self, ctx: click.Context) -> dict[str, click.Command]:
        kept: dict[str, click.Command] | None = ctx.meta.get("kumiko.commands")
        if kept is None:
            kept = ctx.meta["kumiko.commands"] = declared_commands(ctx.find_object(Shell) or Shell())
        return kept


def declared_commands(shell: Shell) -> dict[str, click.Command]:
    """Commands of core plugins by their own names, and one group per enabled plugin that declares some."""
    from kumiko.host import loader, manifest

    installed = manifest.scan(shell.core)
    found: dict[str, click.Command] = {}
    enabled = _enabled_names(shell)
    for one in installed.manifests.values():
        if not one.core and one.name not in enabled:
            continue
        try:
            module = loader.import_plugin(one)
            declare = loader.implementation(module, "declare_commands")
            commands = [in_context(command) for command in (declare() if declare else None) or []]
        except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
            click.echo(f"Warning: the commands of {one.name} are missing: {fault}", err=True)
            continue
        if one.core:
            for command in commands:
                found.setdefault(command.name or "", command)
        elif commands:
            group = click.Group(one.name, help=one.description or one.title)
            for command in commands:
                group.add_command(command)
            found.setdefault(one.name, group)
    return found


def _enabled_names(shell: Shell) -> set[str]:
    """Names of enabled plugins; none while there is no installation (help works without one)."""
    import sqlalchemy as sa

    from kumiko.host.database import Database
    from kumiko.host.models import PluginState

    try:
        database = Database.open(shell.config.database_url)
        with database.reader.connect() as connection:
            statement = sa.select(PluginState.name).where(PluginState.state == "enabled")
            return set(connection.execute(statement).scalars())
    except (KumikoError, sa.exc.SQLAlchemyError):
        return set()


@click.group(
    cls=KumikoGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="--json (for programs) and --as E-MAIL (act as this user) may stand anywhere.",
)
@click.version_option(package_name="kumiko-platform", prog_name="kumiko")
def kumiko() -> None:
    """Kumiko, a CRM made of plugins."""


@kumiko.command("init")
@click.option("--demo", is_flag=True, help="Make sample data.")
@click.option("--empty", is_flag=True, help="Make no sample data (the default).")
@click.option("--modules", help="Names with commas; every installed module when not given, none when empty.")
@click.option("--admin", default="", help="E-mail address of the first administrator.")
@click.option("--password", default="", help="Password of the first administrator.")
@click.option("--company", default="", help="Name of the company.")
@click.option("--currency", default="", help="Three letters, for example EUR.")
@click.option("--zone", default="", help="Time zone, for example Europe/Berlin.")
@click.pass_obj
def init(shell: Shell, demo: bool, empty: bool, modules: str | None, **options: str) -> None:
    """Make the tables, switch modules on, make the first administrator. Running it again completes it."""
    from kumiko.operate import instance

    if demo and empty:
        raise click.UsageError("--demo and --empty exclude each other.")
    names = None if modules is None else [one.strip() for one in modules.split(",") if one.strip()]
    lines = instance.initialise(shell, modules=names, options={"demo": demo, **options})
    for line in lines:
        shell.say(line)
    shell.say("", ok=True, home=str(shell.config.home), lines=lines)


@kumiko.command("serve")
@click.option("--host", "address", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes; KUMIKO_WORKERS or 1 when not given.")
@click.option("--no-worker", is_flag=True, help="Start no process for background work.")
@click.pass_obj
def serve(shell: Shell, address: str, port: int, workers: int | None, no_worker: bool) -> None:
    """Serve people and programs, and run background work."""
    from kumiko.operate import server

    server.serve(shell, address=address, port=port, workers=workers, with_worker=not no_worker)


@kumiko.command("worker")
@click.pass_obj
def worker(shell: Shell) -> None:
    """Run background work until stopped; start as many as you like."""
    from kumiko.operate import server

    server.work(shell)


@kumiko.group("db")
def db() -> None:
    """Tables of this installation."""


@db.command("upgrade")
@click.pass_obj
def db_upgrade(shell: Shell) -> None:
    """Bring the tables of the host, the core and every enabled plugin to their newest form.

    Everything is backed up first and the change tried out on a copy; what fails is rolled back as a whole.
    """
    from kumiko.operate import upgrading

    done = upgrading.upgrade(shell.config, shell.core)
    for name, revisions in done.applied.items():
        shell.say(f"{name}: {', '.join(revisions)}")
    if not done.applied:
        shell.say("Nothing to do: all tables are in their newest form.")
    for remark in done.remarks:
        shell.say(remark)
    if done.backup:
        shell.say(f"The state before is kept in {done.backup}")
    shell.say("", applied=done.applied, backup=done.backup, remarks=done.remarks)


@db.command("status")
@click.pass_obj
def db_status(shell: Shell) -> None:
    """Which migrations are applied and which wait."""
    from kumiko.operate import instance

    rows = [
        {"name": one.name, "current": one.current or "-", "head": one.head or "-", "waiting": len(one.waiting)}
        for one in instance.status_all(shell)
    ]
    shell.table(rows, ("name", "current", "head", "waiting"))


@kumiko.group("plugin")
def plugin() -> None:
    """Modules: what is installed, what is on."""


@plugin.command("list")
@click.pass_obj
def plugin_list(shell: Shell) -> None:
    """Every installed plugin and its state."""
    from kumiko.operate import lifecycle

    with shell.acting():
        views = lifecycle.plugins_view(shell.host.generation)
    rows = [
        {
            "name": one.name,
            "version": one.version,
            "state": one.state,
            "title": one.title,
            "provides": ", ".join(one.provides),
            "note": one.reason or ("restart pending" if one.restart_pending else ""),
        }
        for one in views
    ]
    shell.table(rows, ("name", "version", "state", "title", "provides", "note"))


@plugin.command("check")
@click.argument("name_or_path")
@click.option("--quick", is_flag=True, help="Only read and import it, without a trial on a scratch installation.")
@click.pass_obj
def plugin_check(shell: Shell, name_or_path: str, quick: bool) -> None:
    """Check a plugin in a process of its own, on a scratch installation. Changes nothing here."""
    from kumiko.host import manifest
    from kumiko.operate import packages, probe, report_lines

    depth = "quick" if quick else "full"
    if packages.is_path(name_or_path):
        report = packages.check_path(name_or_path, depth=depth, core=shell.core)
    else:
        manifest.scan(shell.core).get(name_or_path)
        report = probe.check(name_or_path, depth=depth, core=shell.core)
    report_lines.say(shell, report)
    if not report.ok:
        raise DeclarationError("\n".join(report.problems))


@plugin.command("enable")
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def plugin_enable(shell: Shell, names: tuple[str, ...]) -> None:
    """Check, migrate and switch on. Running processes follow within half a second.

    The first time these files are switched on here the check is a trial on a scratch installation, some ten seconds.
    """
    from kumiko.operate import lifecycle

    with switching(shell):
        done = lifecycle.enable(names)
    shell.say(f"enabled: {', '.join(done)}" if done else "Nothing to do: on already.", enabled=done)


@plugin.command("disable")
@click.argument("name")
@click.option("--cascade", is_flag=True, help="Also those that cannot run without it.")
@click.pass_obj
def plugin_disable(shell: Shell, name: str, cascade: bool) -> None:
    """Switch off; its data stay."""
    from kumiko.operate import lifecycle

    with switching(shell):
        done = lifecycle.disable(name, cascade=cascade)
    shell.say(f"disabled: {', '.join(done)}" if done else "Nothing to do: off already.", disabled=done)


@plugin.command("replace")
@click.argument("old")
@click.argument("new")
@click.pass_obj
def plugin_replace(shell: Shell, old: str, new: str) -> None:
    """Let NEW, a provider of the same contracts, take over the records of OLD while people work."""
    last = ""

    def tell(found: Any) -> None:
        nonlocal last
        if found.note and found.note != last:
            last = found.note
            shell.say(found.note)

    with switching(shell):
        host = shell.host
        done = host.generation.state["replace"](host, old, new, tell)
    if not done.succeeded:
        raise KumikoError(done.refused)
    shell.say(
        f"{new} has taken over {done.records} records from {old} in {done.took_s} s; "
        f"{done.caught_up} were written meanwhile, writers waited {done.held_s} s",
        replaced=old, by=new, records=done.records, caught_up=done.caught_up, held_s=done.held_s, took_s=done.took_s,
    )  # fmt: skip


kumiko.add_command(plugin_commands.restart)
for _command in (plugin_commands.plugin_feature, plugin_commands.plugin_install, plugin_commands.plugin_purge):
    plugin.add_command(_command)


@kumiko.command("doctor")
@click.pass_obj
def doctor(shell: Shell) -> None:
    """Look for what is wrong: database, tables, modules, processes."""
    from kumiko.operate import instance

    findings = instance.examine(shell)
    shell.table(findings, ("state", "what", "detail"))
    if any(one["state"] == "wrong" for one in findings):
        raise KumikoError("Something is wrong; the lines above say what.")


@kumiko.command("backup")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def backup(shell: Shell, file: str) -> None:
    """Write the whole database into FILE, while people work."""
    from kumiko.operate import backups

    size = backups.backup(shell.config, file)
    shell.say(f"{file}: {size:,} bytes", file=file, bytes=size)


@kumiko.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(shell: Shell, file: str, yes: bool) -> None:
    """Replace the whole database by FILE, made by `kumiko backup`. Stop the server first.

    FILE is tried out beside the database, brought to the newest form, and persons erased since are erased again.
    """
    from kumiko.operate import settling

    if not yes and not click.confirm("This replaces everything in the database. Go on?"):
        raise KumikoError("Nothing was changed.")
    notes = settling.put_back(shell.config, file, shell.core)
    shell.say(f"restored from {file}", restored=file, notes=notes)
    if not shell.as_json:
        for note in notes:
            shell.say(note)


@kumiko.group("dev", hidden=True)
def dev() -> None:
    """For developers of Kumiko and of plugins."""


plugin.add_command(kit_commands.plugin_new)
plugin.add_command(kit_commands.plugin_migration)
dev.add_command(kit_commands.plugin_migration)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the console script."""
    as_json, email, rest = split_global_options(sys.argv[1:] if arguments is None else arguments)
    try:
        kumiko.main(args=rest, prog_name="kumiko", obj=Shell(as_json=as_json, as_email=email), standalone_mode=True)
    except KumikoError as refusal:
        click.echo(refusal.message, err=True)
        for name, lines in getattr(refusal, "errors", {}).items():
            click.echo(f"  {name}: {' '.join(lines)}" if name else f"  {' '.join(lines)}", err=True)
        sys.exit(1)
    except OSError as fault:
        click.echo(f"{fault.filename or 'a file'}: {fault.strerror or fault}", err=True)
        sys.exit(1)
    except Exception as fault:
        if not type(fault).__module__.startswith("sqlalchemy."):
            raise
        click.echo(
            f"the database did not do what was asked: {str(getattr(fault, 'orig', fault)).splitlines()[0]}", err=True
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
