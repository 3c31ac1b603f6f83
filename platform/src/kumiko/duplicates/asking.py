"""Merges as programs ask for them: the wish out of JSON, and the action of a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.duplicates import choosing, large
from kumiko.duplicates.choosing import Take
from kumiko.duplicates.large import Ordered
from kumiko.duplicates.merging import LARGEST_ID, Wish
from kumiko.host.context import current
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.views import RecordView


def wish_of(type_key: str, winner: int, values: Mapping[str, Any]) -> Wish:
    """`others`, `take` and `accept` as JSON gives them; Invalid with a sentence for anything else."""
    return Wish(
        type_key=type_key, winner=winner, losers=ids_of(values.get("others"), "others"),
        take=_take(values.get("take")), accept=frozenset(ids_of(values.get("accept") or [], "accept")),
    )  # fmt: skip


def merge_by_action(record: RecordView, values: Mapping[str, Any]) -> None:
    """The record action `merge`: POST /COLLECTION/ID/merge. What is large goes to a job, which the answer says."""
    done = large.merge_or_order(wish_of(record.type.key, record.id, values))
    unit = current().unit
    if isinstance(done, Ordered) and unit is not None:
        unit.warnings.append(_("Very much follows, so a job does it: %(job)d.", job=done.job))


def ids_of(given: Any, name: str) -> tuple[int, ...]:
    """A list of ids out of JSON; Invalid with a sentence for anything else."""
    listed = given if isinstance(given, list) else [given]
    if any(isinstance(one, bool) or not isinstance(one, int) or not 0 < one <= LARGEST_ID for one in listed):
        sentence = _("wanted a list of ids of records, such as [12, 15]")
        raise Invalid(_("Some values are not accepted."), {name: [sentence]})
    return tuple(dict.fromkeys(listed))


def _take(given: Any) -> dict[str, Take]:
    if given is None:
        return {}
    if not isinstance(given, dict) or any(
        isinstance(one, bool) or not (isinstance(one, int) or one == choosing.ALL) for one in given.values()
    ):
        sentence = _('wanted the id of a record, or “all” for a list, per field, such as {"phone": 12}')
        raise Invalid(_("Some values are not accepted."), {"take": [sentence]})
    return dict(given)
