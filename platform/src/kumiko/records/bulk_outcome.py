"""What a bulk edit did, or would do: counts, some records before and after, and a mark that names exactly this."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records.bulk_removal import Along, Naming
from kumiko.records.drafts import Draft
from kumiko.records.models import Entry, Unit
from kumiko.records.service import BulkResult
from kumiko.records.views import RecordView, views_of

MOST_SAMPLES = 8
STAMPS = ("updated_at", "updated_by")
_entry, _unit = table_of(Entry), table_of(Unit)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One record before and after; `names`: the fields that differ."""

    before: RecordView
    after: RecordView
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would become of many records. `refused`: id -> sentence; `mark`: give it back to have exactly this done.

    Of a deletion also what goes `along` with it, and the records that stay and name the deleted ones (`naming`).
    """

    changed: int
    equal: int
    refused: Mapping[int, str]
    samples: Sequence[Sample]
    mark: str
    along: Sequence[Along] = ()
    naming: Sequence[Naming] = ()


class Outcome:
    """Collects what happens slice by slice."""

    def __init__(self) -> None:
        self._outcomes: list[tuple[int, int, bool]] = []
        self._samples: list[Draft] = []

    def note(self, accepted: Sequence[Draft], changed: Sequence[Draft]) -> None:
        """A slice that was written."""
        done = {id(draft) for draft in changed}
        for draft in accepted:
            version = draft.state.version if draft.state is not None else 0
            self._outcomes.append((draft.record_id or 0, version, id(draft) in done))
        self._samples += list(changed[: MOST_SAMPLES - len(self._samples)])

    def mark(self, result: BulkResult) -> str:
        """Equal for equal outcomes on equal versions of the same records."""
        said = json.dumps([sorted(self._outcomes), sorted(result.refused.items())])
        return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()

    def preview(self, result: BulkResult) -> Preview:
        """Call it before the rehearsal is rolled back."""
        states = [draft.state for draft in self._samples if draft.state is not None]
        before = views_of([(state, None, None) for state in states])
        after = views_of([(draft.state, draft, None) for draft in self._samples if draft.state is not None])
        samples = [
            Sample(before=old, after=new, names=_differing(draft))
            for draft, old, new in zip(self._samples, before, after, strict=True)
        ]
        equal = sum(1 for _id, _version, changes in self._outcomes if not changes)
        return Preview(changed=result.changed, equal=equal, refused=dict(result.refused), samples=samples,
                       mark=self.mark(result))  # fmt: skip


def _differing(draft: Draft) -> tuple[str, ...]:
    return tuple(name for name in draft.values if name not in STAMPS and draft.changes(name))


def last_entry() -> int:
    """How far the journal is."""
    return int(trusted(select(func.max(_entry.c.id))).scalar() or 0)


def changed_since(ids: Sequence[int], entry_id: int, *, but: int) -> set[int]:
    """Those of the records that the journal names behind an entry; units of the group `but` do not count."""
    query = (
        select(_entry.c.record_id)
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(_entry.c.record_id.in_(list(ids)), _entry.c.id > entry_id)
        .where((_unit.c.group_id != but) | _unit.c.group_id.is_(None))
    )
    return set(trusted(query).scalars())
