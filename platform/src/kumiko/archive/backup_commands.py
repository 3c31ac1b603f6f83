"""`kumiko backups`: those in the instance's own folder, tried out and put back."""

from __future__ import annotations

import click

from kumiko.archive import backups, rehearsal, restoring
from kumiko.archive.commands import without_context
from kumiko.host.context import current, principal
from kumiko.host.errors import Forbidden, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.operate.shell import Shell


@click.group("backups")
def group() -> None:
    """Backups in the folder of this installation, with a note of what they hold."""


@group.command("make")
@click.pass_obj
def make_backup(shell: Shell) -> None:
    """Back everything up now, files of records included, while people work."""
    if not principal().may("archive.back_up"):
        raise Forbidden(_("Your role does not allow you to make backups."))
    one = backups.make(shell.config, current().database, reason=backups.BY_HAND, by=principal().name)
    shell.say(f"{one.name}: {one.size_bytes:,} bytes, {one.rows:,} rows, {one.files:,} files", name=one.name,
              bytes=one.size_bytes, rows=one.rows, files=one.files)  # fmt: skip


@group.command("list")
@click.pass_obj
@without_context
def list_backups(shell: Shell) -> None:
    """The newest first."""
    rows = [
        {"name": one.name, "bytes": one.size_bytes, "rows": one.rows, "files": one.files, "by": one.by,
         "tried": _tried(one)}
        for one in backups.listed(shell.config)
    ]  # fmt: skip
    shell.table(rows, ("name", "bytes", "rows", "files", "by", "tried"))


@group.command("rehearse")
@click.argument("name")
@click.pass_obj
@without_context
def rehearse_backup(shell: Shell, name: str) -> None:
    """Restore a backup beside the real database, compare every table, ask the doctor. Changes nothing."""
    found = rehearsal.rehearse(shell.config, name, shell.core)
    shell.say(f"{found['equal']} of {found['tables']} tables equal, {found['took_s']} s", **found)
    if not rehearsal.is_good(found):
        raise KumikoError("\n".join([*filter(None, [found["error"]]), *found["differs"], *found["doctor"]]))


@group.command("restore")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
@without_context
def restore_backup(shell: Shell, name: str, yes: bool) -> None:
    """Put a backup in the place of everything, while the server runs: people see a page that says so."""
    restoring.check(shell.config, name)
    if not yes and not click.confirm("What was written after this backup will be gone. Go on?"):
        raise KumikoError("Nothing was changed.")
    found = restoring.restore(shell.config, name, by="cli", core=shell.core)
    shell.say(f"restored {name} in {found['took_s']} s; the state before is {found['safety']}", **found)
    for note in found["notes"]:
        shell.say(note)


def _tried(one: backups.Backup) -> str:
    if one.rehearsal is None:
        return "-"
    return one.rehearsal["at"][:10] if rehearsal.is_good(one.rehearsal) else "failed"
