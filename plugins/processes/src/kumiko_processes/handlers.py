"""What happens anywhere, heard: it starts processes, ends waits, and stops what an answer makes needless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from kumiko import Subscription, catalogue, matching_ids, session, unscoped
from kumiko_processes import control, describe, hearing_words, live, starting, waits
from kumiko_processes.live import REPLAYING, Live
from kumiko_processes.models import Progress


def hear(delivery: Any) -> None:
    """A slice of a unit: what it means for processes that are on, and for runs that wait. As the system."""
    told = [(f"{one.action} {one.type_key}", one) for one in delivery.changes]
    told += [(one.name, one) for one in delivery.facts]
    found = live.known(fresh=True)
    for process in found.processes:
        if delivery.via not in REPLAYING or process.hears_imports:
            _start(process, told)
    words = {word for word, _one in told}
    for (process_id, edition), (about, tree) in found.running.items():
        for word in words:
            for step_id, spec in waits.waits_in(tree, about, word):
                _end_waits((process_id, edition), about, step_id, spec, [pair for pair in told if pair[0] == word])


def _start(process: Live, told: Sequence[tuple[str, Any]]) -> None:
    trigger = process.tree.get("trigger") or {}
    if trigger.get("on") == "match":
        words = hearing_words.of_trigger(process.tree, process.about)
        ids = [one.record_id for word, one in told if word in words]
        if ids:
            starting.match(process, ids)
        return
    records: dict[int, Any] = {}
    for word, one in told:
        meant = hearing_words.records_meant(trigger, process.about, word, one)
        if meant is not None and meant[0] == process.about and meant[1] is not None:
            records[meant[1]] = dict(one.payload) if hasattr(one, "payload") else None
    if records:
        cause = "".join(text for text, _bold in describe.trigger_parts(trigger, process.about))
        starting.later(process, list(records.items()), cause)


def _end_waits(
    which: tuple[int, int], about: str, step_id: str, spec: Mapping[str, Any], told: Sequence[tuple[str, Any]]
) -> None:
    meant: dict[str, set[int]] = {}
    for word, one in told:
        record = hearing_words.records_meant(spec, about, word, one)
        if record is not None and record[1] is not None:
            meant.setdefault(record[0], set()).add(record[1])
    for type_key, ids in meant.items():
        for run_id in _runs_about(which, about, step_id, type_key, ids):
            if step_id:
                waits.wake(run_id, step_id)
            else:
                text = "".join(text for text, _bold in describe.trigger_parts(spec, about))
                control.stop_run(run_id, text)


def _runs_about(which: tuple[int, int], about: str, step_id: str, type_key: str, ids: set[int]) -> list[int]:
    """Runs on their way about these records, or about records that name one of them in a link."""
    with unscoped("what happens ends waits of anybody's runs"):
        query = select(Progress.run_id, Progress.about_id).where(
            Progress.process_id == which[0], Progress.edition == which[1], Progress.active.is_(True)
        )
        if step_id:
            query = query.where(Progress.step == step_id)
        if type_key == about:
            return list(session().execute(query.where(Progress.about_id.in_(ids)).order_by(Progress.run_id)).scalars())
        runs = session().execute(query.order_by(Progress.run_id)).all()
    info = catalogue().find(about)
    links = (
        [one.name for one in info.fields.values() if one.kind == "link" and one.field.to == type_key] if info else []
    )
    if not links or not runs:
        return []
    node = {"or": [{"f": name, "op": "in", "v": sorted(ids)} for name in links]}
    linked = set(matching_ids(about, node, sorted({row.about_id for row in runs})))
    return [row.run_id for row in runs if row.about_id in linked]


SUBSCRIPTIONS = [
    Subscription(name="processes.hear", event="*", types=live.words_wanted, handler=hear, replays=True),
]
