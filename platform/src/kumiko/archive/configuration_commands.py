"""`kumiko configuration`: lists of values, roles, processes, dashboards, views and settings as readable files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kumiko.archive import configuration
from kumiko.operate.shell import Shell


@click.group("configuration")
def group() -> None:
    """Configuration as readable files: out of one installation, into another one, with a plan of changes."""


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def export_configuration(shell: Shell, file: str) -> None:
    """Write it into FILE (a zip of JSON files)."""
    content = configuration.export()
    Path(file).write_bytes(content)
    shell.say(f"{file}: {len(content):,} bytes", file=file, bytes=len(content))


@group.command("plan")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.pass_obj
def plan_configuration(shell: Shell, file: str) -> None:
    """Say what bringing FILE in would change here. Changes nothing."""
    _tell(shell, [one for one in configuration.plan(Path(file).read_bytes()) if one.kind != "same"])


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.pass_obj
def import_configuration(shell: Shell, file: str) -> None:
    """Bring FILE in, all of it or nothing; `kumiko undo UNIT` takes the records back."""
    unit, count = configuration.bring_in(Path(file).read_bytes())
    shell.say(f"{count} changes" + (f", unit {unit}" if unit else ""), changes=count, unit=unit)


def _tell(shell: Shell, changes: list[Any]) -> None:
    rows = [
        {
            "what": one.collection,
            "name": one.name,
            "change": one.kind,
            "fields": one.why
            or ", ".join(f"{name}: {before!r} -> {after!r}" for name, (before, after) in one.fields.items())[:300],
        }
        for one in changes
    ]
    shell.table(rows, ("what", "name", "change", "fields"))
