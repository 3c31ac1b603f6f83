"""The processes that are on, as every writer sees them: read anew every half second, so that a write costs nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from kumiko import catalogue, session, unscoped
from kumiko_processes import hearing_words
from kumiko_processes.models import ON, Edition, Process, Progress
from kumiko_processes.tree import Tree, listeners

FRESH_S = 0.5
_KEY = ("processes", "live")
REPLAYING = ("import", "undo", "merge", "restore")


@dataclass(frozen=True, kw_only=True)
class Live:
    """A process that is on."""

    id: int
    name: str
    about: str
    runs_as_id: int | None
    hears_imports: bool
    edition: int
    tree: Tree
    owner_id: int | None
    runs_per_hour: int
    per_record_per_hour: int


@dataclass(frozen=True)
class Known:
    """What is on, the trees that runs are on their way in, and which words are wanted of a unit."""

    processes: Sequence[Live] = ()
    running: Mapping[tuple[int, int], tuple[str, Tree]] = field(
        default_factory=dict
    )  # (process, edition) -> about, tree
    words: frozenset[str] = frozenset()
    replayed: frozenset[str] = frozenset()
    read_at_s: float = 0.0


def known(*, fresh: bool = False) -> Known:
    """What is on; at most half a second old unless `fresh`."""
    cache = catalogue().cache
    kept: Known | None = cache.get(_KEY)
    now_s = time.monotonic()
    if kept is not None and not fresh and now_s - kept.read_at_s < FRESH_S:
        return kept
    made = _read(now_s)
    cache[_KEY] = made
    return made


def forget() -> None:
    """Something was published or switched here: the next writer of this process reads anew."""
    catalogue().cache.pop(_KEY, None)


def words_wanted(via: str) -> frozenset[str]:
    """What of a unit the processes want to hear; asked by the record service for every unit."""
    found = known()
    return found.replayed if via in REPLAYING else found.words


def _read(now_s: float) -> Known:
    columns = (
        Process.id, Process.name, Process.about, Process.runs_as_id, Process.hears_imports, Process.edition,
        Process.tree, Process.owner_id, Process.runs_per_hour, Process.per_record_per_hour,
    )  # fmt: skip
    with unscoped("processes that are on hear what anybody does"):
        rows = session().execute(
            select(*columns).where(Process.state == ON, Process.deleted_at.is_(None)).order_by(Process.id)
        )
        processes = [
            Live(
                id=row.id, name=row.name, about=row.about, runs_as_id=row.runs_as_id,
                hears_imports=bool(row.hears_imports), edition=row.edition, tree=row.tree or {}, owner_id=row.owner_id,
                runs_per_hour=row.runs_per_hour or 10_000, per_record_per_hour=row.per_record_per_hour or 10,
            )
            for row in rows
        ]  # fmt: skip
        on_their_way = (
            select(Progress.process_id, Progress.edition).where(Progress.active.is_(True)).group_by(
                Progress.process_id, Progress.edition
            )
        ).subquery()  # fmt: skip
        under_way = session().execute(
            select(Edition.process_id, Edition.number, Edition.tree, Process.about)
            .join(Process, Process.id == Edition.process_id)
            .join(
                on_their_way,
                (on_their_way.c.process_id == Edition.process_id) & (on_their_way.c.edition == Edition.number),
            )
        )
        running = {(row.process_id, row.number): (row.about, row.tree) for row in under_way}
    for one in processes:
        running.setdefault((one.id, one.edition), (one.about, one.tree))
    words: set[str] = set()
    replayed: set[str] = set()
    for one in processes:
        heard = hearing_words.of_trigger(one.tree, one.about)
        words |= heard
        if one.hears_imports:
            replayed |= heard
    for about, tree in running.values():
        for spec in listeners(tree):
            words |= hearing_words.of_spec(spec, about)
    return Known(processes, running, frozenset(words), frozenset(replayed), now_s)
