"""The warning of a form: who is typed in may be known already. Shown while typing and once more before saving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request

from kumiko.duplicates import merging, recognizing
from kumiko.duplicates.declaring import matching_of
from kumiko.duplicates.recognizing import Shown
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.web.answers import page
from kumiko.web.forms import values_from
from kumiko.web.inputs import Typed
from kumiko.web.types import type_of
from kumiko.web.viewmodels import SimilarRow

SEEN, INTO = "_seen", "_into"


def is_watched(info: TypeInfo) -> bool:
    """Whether forms of the type warn of duplicates."""
    return matching_of(info) is not None


def warn(collection: str) -> Response:
    """POST /COLLECTION/similar: the warning for what is typed so far; nothing is written."""
    info = type_of(collection)
    service.require_creation(info)
    fields = [one for name, one in info.fields.items() if name in request.form or f"{name}.present" in request.form]
    return page("kumiko/similar.html", rows=rows_of(info, find(info, _typed(fields, request.form))))


def _typed(fields: Iterable[FieldInfo], form: Typed) -> dict[str, Any]:
    """What can be read of a form that somebody is filling in."""
    found: dict[str, Any] = {}
    for one in fields:
        try:
            found |= values_from([one], form)
        except Invalid:
            continue
    return found


def find(info: TypeInfo, values: Mapping[str, Any]) -> list[Shown]:
    """Whom these values of a form may mean, as the person may see them."""
    return recognizing.shown(recognizing.recognize_input(info, values))


def unseen(found: Iterable[Shown], form: Typed) -> bool:
    """Whether there are matches that the person has not been told of before this save."""
    return {mark_of(one) for one in found} - set(form.getlist(SEEN)) != set()


def mark_of(one: Shown) -> str:
    """Names a match in the form, without saying which record it is when the person may not see it."""
    return f"{one.type_key}:{one.id or ''}"


def rows_of(info: TypeInfo, found: Iterable[Shown]) -> tuple[SimilarRow, ...]:
    """The matches for a template."""
    return tuple(
        SimilarRow(
            title=one.title if one.type_key == info.key or one.id is None else _named(one),
            score=_("%(score)d %%", score=one.score) if one.id is not None else "",
            why=one.why,
            href=one.href,
            owner=_("owner: %(name)s", name=one.owner) if one.owner else "",
            into=str(one.id) if one.editable and one.type_key == info.key else "",
        )
        for one in found
    )


def _named(one: Shown) -> str:
    what = catalogue().get(one.type_key)
    return _("%(what)s “%(title)s”", what=str(what.type.label), title=one.title)


def add_to(info: TypeInfo, record_id: int, values: Mapping[str, Any]) -> merging.Done:
    """Put what was typed into a record that is there, instead of making another one."""
    return merging.add_to(info.key, record_id, values)
