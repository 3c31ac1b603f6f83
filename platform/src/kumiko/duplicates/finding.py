"""Finding pairs among existing records: keys of old records, blocks of equal keys, scores; in slices, in flat memory.

Keys are read in the order of their values, so records that share one stand beside each other. A block that many share
(a frequent name, a switchboard) says nothing by itself and is left out; such pairs meet by another key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.duplicates import identity, keys, proof, scoring
from kumiko.duplicates.declaring import Matching, matched_types, matching_of
from kumiko.duplicates.models import OPEN, key_table, pair_table, progress_table
from kumiko.host import context
from kumiko.host.columns import utc_now
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.jobs.proving import sends
from kumiko.jobs.queue import enqueue
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.insertion import insert_rows
from kumiko.records.states import load_states

FIND, CURRENT = "duplicates.find", "duplicates.keep_current"
INDEX_SLICE, KEY_SLICE, FRESH_SLICE = 500, 2000, 300
#: A key that more records than this share makes no block.
MOST_IN_BLOCK = {"email": 50, "phone": 30, "tail": 20, "number": 30, "text": 50, "domain": 30, "near": 30}
USUAL_BLOCK = 20
#: Pairs that are scored together: their keys are in memory meanwhile.
PAIR_SLICE = 2000
VERSION = "1"  # of how keys are made: another one makes all keys anew

_k, _p, _g = key_table, pair_table, progress_table


def start(info: TypeInfo) -> int:
    """Have a job look through all records of a type; gives its id."""
    with context.transaction():
        return enqueue(FIND, {"type": info.key}, order_keys=[f"{FIND}:{info.key}"])


@dataclass(frozen=True)
class Working:
    """How far a search is: keys looked at, of how many (0: not known yet), and what was found."""

    done: int
    total: int
    note: str


def working(info: TypeInfo) -> Working | None:
    """The search through all records of a type that waits or works; None when there is none."""
    query = select(
        job_table.c.progress_done, job_table.c.progress_total, job_table.c.progress_note, job_table.c.payload
    )
    for row in trusted(query.where(job_table.c.name == FIND, job_table.c.status.in_((READY, RUNNING)))):
        if row.payload.get("type") == info.key:
            return Working(row.progress_done, row.progress_total or 0, row.progress_note)
    return None


@sliced
def find(job: JobContext) -> None:
    """The job: keys of records that have none yet, then every block of every kind of key."""
    info = catalogue_of(job)
    if info is None:
        return
    matching = matching_of(info)
    if matching is None:
        return
    _index(job, info)
    with job.slice():
        total = _count(info)
    state = {"kind": "", "value": "", "read": 0, "pairs": 0, "large": 0, **job.state}
    while True:
        with job.slice():
            rows = _next_keys(info, state["kind"], state["value"])
            if not rows:
                _finish(info, state)
                job.progress(total, total, _("%(pairs)d pairs found", pairs=state["pairs"]))
                return
            pairs, large = _pairs_in(rows)
            state["pairs"] += _keep(info, matching, pairs)
            state["large"] += large
            state["read"] += len(rows)
            state["kind"], state["value"] = rows[-1].kind, rows[-1].value
            job.checkpoint(state)
            job.progress(min(state["read"], total), total, _("%(pairs)d pairs found", pairs=state["pairs"]))


def catalogue_of(job: JobContext) -> TypeInfo | None:
    """The type that a job is about; None while its module is off."""
    with job.slice():
        return catalogue().find(job.payload["type"])


@sends(_l("Warnings of duplicates, and lists of pairs"), sent=proof.sent)
@sliced
def keep_current(job: JobContext) -> None:
    """The periodic job: what was written since is compared with the rest; types that are new get their keys."""
    with job.slice():
        types = matched_types()
    for info in types:
        _index(job, info)
        matching = matching_of(info)
        while matching is not None:
            with job.slice():
                ids = _fresh(info)
                if not ids:
                    break
                compare(info, matching, ids)


def compare(info: TypeInfo, matching: Matching, ids: Sequence[int]) -> int:
    """Find the pairs of these records anew; gives how many there are."""
    own = keys.stored(ids)
    trusted(
        delete(_p).where(
            or_(
                _p.c.left_id.in_(bindparam("left", expanding=True)),
                _p.c.right_id.in_(bindparam("right", expanding=True)),
            ),
            _p.c.state == OPEN,
        ),
        {"left": list(ids), "right": list(ids)},
    )
    blocks: set[tuple[int, int]] = set()
    for kind in keys.BLOCKING:
        values = sorted({value for one in own.values() for value in one.get(kind, ())})
        for start in range(0, len(values), INDEX_SLICE):
            blocks |= _meeting(info, kind, values[start : start + INDEX_SLICE], set(own))
    found = _keep(info, matching, blocks)
    trusted(
        update(_k).where(_k.c.record_id.in_(bindparam("ids", expanding=True)), _k.c.fresh).values(fresh=False),
        {"ids": list(ids)},
    )
    return found


def _meeting(info: TypeInfo, kind: str, values: Sequence[str], ids: set[int]) -> set[tuple[int, int]]:
    query = (
        select(_k.c.value, _k.c.record_id)
        .where(_k.c.type_key == info.key, _k.c.kind == kind, _k.c.value.in_(bindparam("values", expanding=True)))
        .order_by(_k.c.value, _k.c.record_id)
    )
    found: set[tuple[int, int]] = set()
    for _value, rows in groupby(trusted(query, {"values": list(values)}), key=lambda row: row.value):
        members = [row.record_id for row in rows]
        if 1 < len(members) <= MOST_IN_BLOCK.get(kind, USUAL_BLOCK):
            found |= {pair for pair in combinations(members, 2) if pair[0] in ids or pair[1] in ids}
    return found


def _fresh(info: TypeInfo) -> list[int]:
    query = select(_k.c.record_id).where(_k.c.type_key == info.key, _k.c.fresh).distinct().limit(FRESH_SLICE)
    return list(trusted(query).scalars())


# -- keys of records that were there before ---------------------------------------------------------------------------


def rules_mark(info: TypeInfo) -> str:
    """Names the rules of a type: keys made for others are made anew."""
    matching = matching_of(info)
    said = repr([(one.field, one.kind) for one in matching.rules]) if matching is not None else ""
    return hashlib.blake2b(f"{VERSION} {said}".encode(), digest_size=16).hexdigest()


def _index(job: JobContext, info: TypeInfo) -> None:
    """Make the keys of all records that have none for these rules; goes on where it stopped."""
    mark = rules_mark(info)
    while True:
        with job.slice():
            at = _position(info, mark)
            if at is None:
                return
            rows = select(info.table.c.id).where(info.table.c.id > at, info.table.c.deleted_at.is_(None))
            ids = list(trusted(rows.order_by(info.table.c.id).limit(INDEX_SLICE)).scalars())
            index(info, ids)
            values = {"after_id": ids[-1]} if ids else {"done": True}
            trusted(update(_g).where(_g.c.type_key == info.key).values(values))
            job.progress(0, None, _("reading %(what)s", what=str(info.type.label_plural)))


def index(info: TypeInfo, ids: Sequence[int]) -> None:
    """Make the keys of some records anew; they count as compared, for a search through all is to come."""
    states = load_states(info, ids)
    keys.drop(list(states))
    insert_rows(
        _k,
        [
            row
            for record_id, state in states.items()
            if not state.deleted
            for row in keys.rows_of(info, record_id, keys.keys_of(info, Draft(info, "changed", {}, state).get))
        ],
    )


def _position(info: TypeInfo, mark: str) -> int | None:
    """The last id whose keys are made; None when all are."""
    row = trusted(select(_g).where(_g.c.type_key == info.key)).mappings().first()
    if row is not None and row["rules"] == mark:
        return None if row["done"] else int(row["after_id"])
    trusted(delete(_g).where(_g.c.type_key == info.key))
    trusted(insert(_g), {"type_key": info.key, "rules": mark, "after_id": 0, "done": False, "found_at": None,
                         "report": None})  # fmt: skip
    return 0


# -- blocks -----------------------------------------------------------------------------------------------------------


def _count(info: TypeInfo) -> int:
    query = select(func.count()).select_from(_k).where(_k.c.type_key == info.key, _k.c.kind.in_(keys.BLOCKING))
    return int(trusted(query).scalar_one())


def _next_keys(info: TypeInfo, kind: str, value: str) -> list[Any]:
    """Keys behind a position in the order of their values, whole blocks only."""
    query = (
        select(_k.c.kind, _k.c.value, _k.c.record_id)
        .where(_k.c.type_key == info.key, tuple_(_k.c.kind, _k.c.value) > tuple_(kind, value))
        .order_by(_k.c.kind, _k.c.value, _k.c.record_id)
    )
    rows = list(trusted(query.limit(KEY_SLICE)))
    if len(rows) < KEY_SLICE:
        return rows
    last = (rows[-1].kind, rows[-1].value)
    whole = [row for row in rows if (row.kind, row.value) != last]
    if whole:
        return whole
    same = and_(_k.c.type_key == info.key, _k.c.kind == last[0], _k.c.value == last[1])
    return list(
        trusted(select(_k.c.kind, _k.c.value, _k.c.record_id).where(same).limit(KEY_SLICE))
    )  # too large: skipped


def _pairs_in(rows: Iterable[Any]) -> tuple[set[tuple[int, int]], int]:
    """Pairs of records that share a key, and how many blocks were too large."""
    found: set[tuple[int, int]] = set()
    large = 0
    for (kind, _value), block in groupby(rows, key=lambda row: (row.kind, row.value)):
        if kind not in keys.BLOCKING:
            continue
        members = [row.record_id for row in block]
        if len(members) > MOST_IN_BLOCK.get(kind, USUAL_BLOCK):
            large += 1
        else:
            found.update(combinations(members, 2))
    return found, large


def _keep(info: TypeInfo, matching: Matching, pairs: Iterable[tuple[int, int]]) -> int:
    """Score pairs and keep those that are likely enough; gives how many are new. What was ignored stays ignored."""
    wanted = sorted(pairs)
    if not wanted:
        return 0
    least, now = identity.shown_from(), utc_now()
    rows: list[dict[str, Any]] = []
    for chunk in _chunks(wanted, PAIR_SLICE):
        stored = keys.stored({one for pair in chunk for one in pair})
        for left, right in chunk:
            rated = scoring.score(matching, stored.get(left, {}), stored.get(right, {}))
            if rated.score >= least:
                rows.append(
                    {"left_id": left, "right_id": right, "type_key": info.key, "score": rated.score,
                     "reasons": list(rated.reasons), "state": OPEN, "by_id": None, "at": now}
                )  # fmt: skip
    if not rows:
        return 0
    dialect = sqlite if context.current().database.is_sqlite else postgresql
    made = dialect.insert(_p)
    made = made.on_conflict_do_update(
        index_elements=["left_id", "right_id"], set_={"score": made.excluded.score, "reasons": made.excluded.reasons}
    )
    known = _known(rows)
    trusted(made, rows)
    return len(rows) - known


def _known(rows: Sequence[dict[str, Any]]) -> int:
    count = 0
    wanted = {(one["left_id"], one["right_id"]) for one in rows}
    query = select(_p.c.left_id, _p.c.right_id).where(_p.c.left_id.in_(bindparam("ids", expanding=True)))
    for chunk in _chunks(sorted({left for left, _right in wanted}), INDEX_SLICE):
        count += sum((left, right) in wanted for left, right in trusted(query, {"ids": list(chunk)}))
    return count


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start_at in range(0, len(items), size):
        yield items[start_at : start_at + size]


def _finish(info: TypeInfo, state: dict[str, Any]) -> None:
    report = {name: state[name] for name in ("read", "pairs", "large")}
    values = {"found_at": utc_now(), "report": report}
    trusted(update(_g).where(_g.c.type_key == info.key).values(values))
    trusted(update(_k).where(_k.c.type_key == info.key, _k.c.fresh).values(fresh=False))
