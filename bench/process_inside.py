"""A process fired by a bulk edit: the edit with the process off and on, runs begun, runs worked off.

    process_inside.py [--deals 5000] [--worked 5000] [--postmaster PID]

Run by `story.py`. Bare work of the edit: one UPDATE of the same deals, in a transaction.
"""

from __future__ import annotations

import collections
import json
from typing import Any

import sqlalchemy as sa
from at_work import AtWork
from meter import ratio

from kumiko import all_ids, bulk, catalogue, create, run_action, session, transaction, unscoped
from kumiko.host.columns import table_of
from kumiko_processes.models import PROCESS, Run

DEAL, STEP = "deals.deal", "processes.step"
TREE = {
    "format": 1, "trigger": {"on": "changed", "field": "next_step"}, "if": None, "stop_when": [],
    "steps": [{"id": "s1", "kind": "set", "values": {"campaign": "seen"}}],
}  # fmt: skip


def main() -> None:
    work = AtWork(__doc__ or "")
    work.work_off()
    with work.acting():
        ids = sorted(all_ids(catalogue().get(DEAL)))[: work.asked.deals]
    count = len(ids)

    def edit(word: str) -> None:
        with work.acting("admin@bench.example"):
            bulk(DEAL, ids, values={"next_step": f"bench {word}"})

    def bare() -> None:
        table = catalogue().get(DEAL).table
        with transaction(), unscoped("the bench writes without rights, journal and search"):
            session().execute(sa.update(table).where(table.c.id.in_(ids)).values(next_step="bare"))

    found: dict[str, Any] = {"deals": count}
    with work.acting():
        found["edit, bare"] = work.meter.measure(bare, count)
    found["edit, process off"] = work.meter.measure(lambda: edit("off"), count)
    found["heard, process off"] = work.meter.measure(work.work_off, count)
    with work.acting("admin@bench.example"):
        made = create(PROCESS, {"name": "Bench", "about": DEAL, "draft": TREE})
        run_action(PROCESS, made.id, "publish", {})
    work.work_off()
    found["edit, process on"] = work.meter.measure(lambda: edit("on"), count)
    found["runs begun"] = work.meter.measure(lambda: work.work_off("records.deliver", "processes.begin"), count)
    worked = min(count, work.asked.worked or count)
    found["runs worked off"] = work.meter.measure(lambda: work.work_off(STEP, most=worked), worked)
    work.hold(STEP)  # what is left is no matter of the pieces that follow
    found["edit, ratio"] = ratio(found["edit, process on"], found["edit, bare"])
    runs = table_of(Run)
    with work.host.database.reader.connect() as connection:
        states = connection.execute(sa.select(runs.c.state).where(runs.c.process_id == made.id)).scalars()
        found["runs"] = dict(collections.Counter(states))
    found["broken jobs"] = work.broken()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
