"""`kumiko import` and `kumiko export` (design 9)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import orjson

from kumiko.host.errors import Invalid
from kumiko.imports import export as exports
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan, require_permission
from kumiko.imports.refused import refused_path, write_refused_rows
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes


def _pairs(what: str) -> Any:
    def parse(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str]]:
        pairs = []
        for text in given:
            name, mark, value = text.partition("=")
            if not mark or not name.strip():
                raise click.BadParameter(f"{text!r} is not {what}; write it with an equals sign.")
            pairs.append((name.strip(), value))
        return pairs

    return parse


def _words(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str, str]]:
    words = []
    for text in given:
        field, colon, rest = text.partition(":")
        theirs, mark, ours = rest.rpartition("=")
        if not colon or not mark or not field.strip():
            raise click.BadParameter(f"{text!r} is not FIELD:THEIRS=OURS, such as outcome:Closed=won.")
        words.append((field.strip(), theirs, ours))
    return words


@click.command("import")
@click.argument("collection")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_pairs("FIELD=COLUMN"),
    help="Fill a field from a column; dots reach into linked records (team.parent). May be repeated.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=_pairs("FIELD=VALUE"),
    help="The same value for every row, such as currency=USD. May be repeated.",
)
@click.option(
    "--values",
    multiple=True,
    metavar="FIELD:THEIRS=OURS",
    callback=_words,
    help="What a word of the file means here. May be repeated.",
)
@click.option("--key", default="", metavar="FIELD", help="Find existing records by it and change them.")
@click.option("--create", multiple=True, metavar="COLLECTION", help="Make missing linked records of this collection.")
@click.option(
    "--group",
    "group_id",
    default=None,
    type=int,
    metavar="ID",
    help="Put it into the group of a former import, so that one undo takes both back.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--sheet", default=None, help="Sheet of a workbook; the first one when not given.")
@click.option("--encoding", default=None, help="Encoding of a text file; found out when not given.")
@click.option("--delimiter", default=None, help="Separator of a text file; found out when not given.")
@click.option(
    "--date-order",
    default="",
    type=click.Choice(["", "dmy", "mdy"]),
    metavar="dmy|mdy",
    help="How days such as 3/4/2024 are meant.",
)
@click.option(
    "--decimal-mark",
    default="",
    type=click.Choice(["", ".", ","]),
    metavar=".|,",
    help="How amounts such as 1,234 are meant.",
)
@click.pass_obj
def import_(
    shell: Any, collection: str, file: str, maps: list[tuple[str, str]], sets: list[tuple[str, str]],
    values: list[tuple[str, str, str]], key: str, create: tuple[str, ...], group_id: int | None, dry_run: bool,
    sheet: str | None, encoding: str | None, delimiter: str | None, date_order: str, decimal_mark: str,
) -> None:  # fmt: skip
    """Bring records of COLLECTION in from FILE (CSV, TSV, XLSX, XLS, ODS).

    Without --map, columns that bear the name of a field are taken, so that an export comes in again.
    """
    require_permission()
    table = open_table(
        Path(file), filename=Path(file).name, sheet=sheet, encoding=encoding,
        delimiter="\t" if delimiter in ("\\t", "tab") else delimiter,
    )  # fmt: skip
    wishes = Wishes(
        collection=collection, maps=tuple(maps), sets=tuple(sets), values=tuple(values), key=key,
        create=tuple(create), date_order=date_order, decimal_mark=decimal_mark,
    )  # fmt: skip
    plan = compile_plan(wishes, table.columns)
    importer = Importer(table, plan, dry_run=dry_run, reason=f"import of {Path(file).name}", group_id=group_id)
    report = importer.run(_progress(shell))
    if report.refused:
        path = refused_path(shell.config.home, collection, Path(file).suffix)
        write_refused_rows(path, table, report.refused)
        report.refused_file = str(path)
    for line in report.lines():
        shell.say(line)
    shell.say("", **report.as_json())


def _progress(shell: Any) -> Any:
    if shell.as_json or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        click.echo(f"\r{done:,} of {total:,}", nl=done >= total, err=True)

    return show


@click.command("export")
@click.argument("collection")
@click.option("--filter", "filter_", default="", metavar="JSON", help='Such as {"f":"outcome","op":"eq","v":"won"}.')
@click.option("--view", type=int, default=None, metavar="ID", help="Only what a saved view shows, in its order.")
@click.option("--format", "file_format", default="csv", type=click.Choice(exports.FORMATS), show_default=True)
@click.option("--output", default="-", type=click.Path(dir_okay=False), help="A file; standard output when not given.")
@click.pass_obj
def export(shell: Any, collection: str, filter_: str, view: int | None, file_format: str, output: str) -> None:
    """Write the records of COLLECTION that one may export."""
    node = None
    if filter_:
        try:
            node = orjson.loads(filter_)
        except orjson.JSONDecodeError as fault:
            raise Invalid(f"--filter is no JSON: {fault}") from None
    q, sort = "", "id"
    if view is not None:
        node, q, sort = exports.of_view(collection, view, node)
    with click.open_file(output, "wb", atomic=output != "-") as stream:
        count, notes = exports.export_to(stream, collection, file_format, node=node, q=q, sort=sort)
        stream.flush()
    for note in notes:
        click.echo(note, err=True)
    if output != "-":
        shell.say(f"{count:,} records: {output}", count=count, file=output)
