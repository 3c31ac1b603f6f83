"""The steps of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kumiko.web.viewmodels.kit import Action, FieldView, Link, Option
from kumiko.web.viewmodels.pages import Figure


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column of the file and the field it goes to, by groups of fields; "" means "leave out"."""

    name: str  # of the select
    header: str
    samples: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    filled: str = ""  # "8,800 of 8,800"
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row of the file and what becomes of it. `changes`: label, before, after. `cells`: inputs of the correction."""

    number: str
    reason: str = ""
    record: str = ""
    href: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    cells: tuple[tuple[str, str, str], ...] = ()  # name of the input, title of the column, text


@dataclass(frozen=True, slots=True)
class ImportRows:
    """A page of rows of one kind."""

    kind: str
    title: str
    text: str
    rows: tuple[ImportRow, ...]
    next_href: str = ""
    download_href: str = ""
    heads: tuple[str, ...] = ()  # columns of the file, when rows can be corrected
    correct_action: str = ""


@dataclass(frozen=True, slots=True)
class ImportView:
    """One step of an import: upload, match, check, run, result."""

    step: Literal["upload", "match", "check", "run", "result"]
    title: str
    crumbs: tuple[Link, ...]
    action: str
    file: str = ""
    file_text: str = ""  # "8,800 rows, 12 columns. Encoding: UTF-8."
    fields: tuple[FieldView, ...] = ()  # upload: collection, file; match: key, defaults
    notices: tuple[str, ...] = ()  # what was recognised, what was counted
    recent: tuple[tuple[Link, str, str], ...] = ()  # upload: former imports with what and how they stand
    samples: tuple[Action, ...] = ()  # upload: empty tables to fill in
    reading: tuple[FieldView, ...] = ()  # match: encoding, separator, sheet
    reading_action: str = ""
    first_rows: tuple[tuple[str, ...], ...] = ()
    mappings: tuple[Link, ...] = ()
    columns: tuple[ImportColumn, ...] = ()
    values: tuple[tuple[str, tuple[FieldView, ...]], ...] = ()  # match: foreign words of a field to ours
    figures: tuple[Figure, ...] = ()
    tabs: tuple[Link, ...] = ()
    rows: ImportRows | None = None
    column_heads: tuple[str, ...] = ()
    column_counts: tuple[tuple[str, ...], ...] = ()
    unmapped: tuple[str, ...] = ()
    done: int = 0
    total: int = 0
    progress_text: str = ""
    progress_href: str = ""  # asked again while the job is at work
    warning: str = ""  # nothing moves, and why
    undo: Action | None = None
    actions: tuple[Action, ...] = ()
    upload_action: str = ""  # result: the corrected file of refused rows
    summary: tuple[str, ...] = ()
    submit: str = ""
    back_href: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
