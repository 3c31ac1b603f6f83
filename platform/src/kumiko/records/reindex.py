"""Search documents written again: a role began, or ceased, to hide a field, and documents are shared by all roles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from kumiko.host.columns import utc_now
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.records import search
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.states import load_states

JOB = "records.reindex"
SLICE = 500
#: Other processes know of a changed role within this time; what they wrote before is written again, too.
LATER = timedelta(seconds=2)


def ask(type_keys: Iterable[str]) -> None:
    """Have the documents of these types written again, by a job of the open transaction."""
    for type_key in sorted(type_keys):
        enqueue(JOB, {"type": type_key}, run_at=utc_now() + LATER)


@sliced
def work(job: Any) -> None:
    """The job: records by id, so that it goes on where it stopped."""
    while True:
        with job.slice():
            info = catalogue().find(job.payload["type"])
            if info is None:
                return
            table, after = info.table, job.state.get("after", 0)
            query = select(table.c.id).where(table.c.id > after, table.c.deleted_at.is_(None)).order_by(table.c.id)
            ids = list(trusted(query.limit(SLICE)).scalars())
            if not ids:
                return
            states = load_states(info, ids)
            search.put([search.document(Draft(info, "changed", {}, state)) for state in states.values()])
            job.checkpoint({"after": ids[-1], "done": job.state.get("done", 0) + len(ids)})
            job.progress(job.state["done"])
