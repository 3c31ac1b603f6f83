"""`kumiko mark FILE`: who took out an exported file, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kumiko.exits import exporting, marks


@click.command("mark")
@click.argument("file", type=click.Path(dir_okay=False, exists=True))
@click.pass_obj
def mark(shell: Any, file: str) -> None:
    """Read the invisible mark of an exported FILE (CSV or XLSX): who took it out, and when."""
    with Path(file).open("rb") as stream:
        found = marks.read(stream, shell.config.secret_key)
    if not found:
        shell.say("no mark of this installation is in the file", marks=[])
        return
    said = []
    for one in found:
        line = exporting.line_of(one)
        name = line["user_name"] if line is not None else f"user {one.user_id}"
        what = f", {line['row_count']:,} records of {line['collection']}" if line is not None else ""
        shell.say(f"{name}, {one.at:%Y-%m-%d %H:%M} UTC (export {one.export_id}){what}")
        said.append({"user": one.user_id, "name": name, "at": one.at.isoformat(), "export": one.export_id})
    shell.say("", marks=said)
