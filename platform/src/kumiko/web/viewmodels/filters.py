"""The editor of filters: groups of conditions, one inside the other."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko.web.viewmodels.kit import FieldView, Link, Option


@dataclass(frozen=True, slots=True)
class SubjectGroup:
    """Fields to choose from, under a heading."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class EditorRow:
    """One condition. `at` names it in the form; `kept`: a condition in words that the editor cannot take apart."""

    at: str
    label: str
    subjects: tuple[SubjectGroup, ...] = ()
    operators: tuple[Option, ...] = ()
    inputs: tuple[FieldView, ...] = ()
    error: str = ""
    kept: str = ""
    raw: str = ""
    inner: EditorGroup | None = None  # conditions on related records


@dataclass(frozen=True, slots=True)
class EditorGroup:
    """Conditions of which all, any or none must hold."""

    at: str
    label: str
    words: tuple[Option, ...]
    parts: tuple[EditorRow | EditorGroup, ...]
    may_nest: bool
    is_group: bool = True


@dataclass(frozen=True, slots=True)
class FilterEditorView:
    """The whole editor. `count`: how many records the filter fits, `sentence`: what it says."""

    title: str
    action: str
    root: EditorGroup
    sentence: str
    count: str
    count_href: str
    cancel_href: str
    crumbs: tuple[Link, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()
