"""Rows that are like a record or an earlier row, by the same rules that warn on every other way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kumiko.duplicates import identity, normal, recognizing, scoring
from kumiko.duplicates.recognizing import Found, Shown
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.imports.doubles import addresses
from kumiko.imports.seen import FirstRows
from kumiko.records.catalogue import TypeInfo

if TYPE_CHECKING:
    from kumiko.imports.work import Work


@dataclass(frozen=True)
class Alike:
    """What a row is like. `record_id`: a record that the person may see. `sure`: enough to change it by the row."""

    sentence: str
    record_id: int | None = None
    sure: bool = False


def find_alike(info: TypeInfo, works: Sequence[Work]) -> dict[int, Alike]:
    """Row number -> what the row is like: a live record of the type, or an earlier one of these rows."""
    found: dict[int, Alike] = {}
    many = recognizing.recognize_many(info, [work.values for work in works])
    likeliest: dict[int, Found] = {}
    for work, each in zip(works, many, strict=True):
        best = next((one for one in each if one.type_key == info.key), None)
        if best is None:
            continue
        if best.id > 0:
            likeliest[work.row.number] = best
        else:
            why = scoring.reason_words(best.reasons)
            found[work.row.number] = Alike(_like_row(works[-1 - best.id].row.number, why))
    views = _views(list(likeliest.values()))
    sure_from = identity.sure_from() if likeliest else 0
    for number, best in likeliest.items():
        view = views.get(best.id)
        if view is not None:
            sentence = _("it is like the %(what)s “%(name)s”: %(why)s (%(score)s per cent)",
                         what=inside(info.type.label), name=view.title, why=scoring.reason_words(best.reasons),
                         score=best.score)  # fmt: skip
            found[number] = Alike(sentence, view.id, view.editable and best.score >= sure_from)
    return found


def find_repeated(works: Sequence[Work], firsts: FirstRows) -> dict[int, Alike]:
    """Row number -> the earlier row of the file that has the same e-mail address, however far above it stands.

    Addresses of a desk (info@) are shared by many and say nothing. The addresses of these rows are noted.
    """
    found: dict[int, Alike] = {}
    for work in works:
        for address in addresses(work):
            if not normal.is_shared(address):
                first = firsts.first(address.lower(), work.row.number)
                if first != work.row.number and work.row.number not in found:
                    found[work.row.number] = Alike(_like_row(first, scoring.reason_words(["email"])))
    return found


def _like_row(number: int, why: str) -> str:
    return _("it is like row %(number)d of this file: %(why)s", number=number, why=why)


def _views(found: Sequence[Found]) -> dict[int, Shown]:
    """Record id -> how the person may see it; all in a few statements, unless one has gone in the meantime."""
    single = list({one.id: one for one in found}.values())
    views = recognizing.shown(single) if single else []
    if len(views) == len(single):
        return {one.id: view for one, view in zip(single, views, strict=True)}
    return {one.id: view for one in single for view in recognizing.shown([one])}
