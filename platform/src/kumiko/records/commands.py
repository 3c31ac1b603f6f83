"""`kumiko undo` (design 9)."""

from __future__ import annotations

import sys
from typing import Any

import click

from kumiko.host.context import current
from kumiko.records.undo import Choices, UndoResult, head_of, undo
from kumiko.records.undo_conflicts import Conflict, told
from kumiko.records.undo_jobs import AT_ONCE, undo_in_slices
from kumiko.records.undo_preview import preview
from kumiko.records.undo_touches import count_touched

MOST_NAMED = 20


@click.command("undo")
@click.argument("unit_or_group", type=int)
@click.option("--entry", "entry_id", type=int, default=None, metavar="ID", help="Only this entry of the change.")
@click.option("--field", "name", default=None, metavar="NAME", help="Only this field of the entry.")
@click.option(
    "--conflicts",
    type=click.Choice(["keep", "put-back"]),
    default="keep",
    show_default=True,
    help="Values that were changed later: keep them, or put the old ones back all the same.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go back and what was changed since; write nothing.")
@click.pass_context
def undo_command(
    click_context: click.Context, unit_or_group: int, entry_id: int | None, name: str | None, conflicts: str,
    dry_run: bool,
) -> None:  # fmt: skip
    """Take a change back: a unit, or a whole group such as an import. Exit 0 all, 3 partly, 1 nothing.

    The number of an undo takes the undo back.
    """
    shell: Any = click_context.obj
    current().via = "cli"
    if name is not None and entry_id is None:
        raise click.UsageError("--field needs --entry; `kumiko undo --dry-run` and the history name them.")
    if dry_run:
        _say_preview(shell, unit_or_group, entry_id, name)
        return
    if entry_id is None and conflicts == "keep" and count_touched(head_of(unit_or_group)) > AT_ONCE:
        result = undo_in_slices(unit_or_group, _progress(shell))
    else:
        choices = Choices()
        if conflicts == "put-back":
            found = preview(unit_or_group, entry_id=entry_id, name=name).conflicts
            choices = Choices(back=frozenset((one.record_id, one.field) for one in found if not one.is_existence))
        result = undo(unit_or_group, entry_id=entry_id, name=name, choices=choices)
    _say(shell, result)
    left = len(result.overwritten) + sum(one["count"] for one in result.refused) + len(result.waiting)
    if left:
        click_context.exit(3 if result.reverted or result.put_back else 1)


def _say(shell: Any, result: UndoResult) -> None:
    shell.say(f"{result.reverted:,} records put back (change {result.unit}).")
    if result.put_back:
        shell.say(f"{result.put_back:,} values put back in spite of later changes.")
    if result.overwritten:
        shell.say(f"{len(result.overwritten):,} fields hold a later change and were left.")
        _say_conflicts(shell, result.conflicts)
    for one in result.refused:
        shell.say(f"{one['count']:,} left: {one['reason']}")
    if result.waiting:
        shell.say(f"Waiting for modules that are off: {', '.join(result.waiting)}.")
    shell.say("", unit=result.unit, reverted=result.reverted, overwritten=result.overwritten,
              refused=result.refused, waiting=result.waiting, put_back=result.put_back)  # fmt: skip


def _say_preview(shell: Any, unit_or_group: int, entry_id: int | None, name: str | None) -> None:
    found = preview(unit_or_group, entry_id=entry_id, name=name)
    shell.say(f"{found.records:,} records would go back{'' if found.whole else ' (of the newest entries)'}.")
    _say_conflicts(shell, found.conflicts)
    for one in found.refused:
        shell.say(f"{one['count']:,} would be left: {one['reason']}")
    if found.waiting:
        shell.say(f"Would wait for modules that are off: {', '.join(found.waiting)}.")
    shell.say("", unit=unit_or_group, records=found.records, conflicts=len(found.conflicts),
              refused=list(found.refused), waiting=list(found.waiting))  # fmt: skip


def _say_conflicts(shell: Any, conflicts: Any) -> None:
    listed: list[Conflict] = list(conflicts)
    for one in told(listed[:MOST_NAMED]):
        where = f"{one.conflict.title or one.conflict.record_id} · {one.label}"
        shell.say(
            f"  {where}: now {one.now or 'empty'}, before {one.back or 'empty'} "
            f"(change {one.conflict.by} by {one.actor}, {one.at:%Y-%m-%d %H:%M} UTC)"
        )
    if len(listed) > MOST_NAMED:
        shell.say(f"  and {len(listed) - MOST_NAMED:,} more.")


def _progress(shell: Any) -> Any:
    if shell.as_json or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        click.echo(f"\r{done:,} of {total:,}", nl=done >= total, err=True)

    return show
