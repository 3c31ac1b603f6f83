"""The steps of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kumiko.web.viewmodels.kit import Action, FieldView, Link, Option
from kumiko.web.viewmodels.pages import Figure


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column of the file and the field it goes to; the option with key "" means "leave out"."""

    name: str  # of the select
    header: str
    samples: tuple[str, ...]
    options: tuple[Option, ...]
    filled: str = ""  # "8,800 of 8,800"
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImportView:
    """One step of an import: upload, match, check, run, result."""

    step: Literal["upload", "match", "check", "run", "result"]
    title: str
    crumbs: tuple[Link, ...]
    action: str
    file: str = ""
    file_text: str = ""  # "8,800 rows, 12 columns, CSV in UTF-8"
    fields: tuple[FieldView, ...] = ()  # upload: collection, file; match: key, defaults
    columns: tuple[ImportColumn, ...] = ()
    values: tuple[tuple[str, tuple[FieldView, ...]], ...] = ()  # match: foreign words of a choice to ours
    figures: tuple[Figure, ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()  # row, field, sentence
    problems_more: str = ""
    problems_href: str = ""  # file of refused rows
    unmapped: tuple[str, ...] = ()
    done: int = 0
    total: int = 0
    progress_text: str = ""
    progress_href: str = ""
    undo: Action | None = None
    actions: tuple[Action, ...] = ()
    submit: str = ""
    back_href: str = ""
    summary: tuple[str, ...] = ()
    hidden: Mapping[str, str] | None = None
