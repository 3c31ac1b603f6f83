"""Pages that one looks at all day, as a head of sales gets them: inbox, my day, owner's dashboard.

    pages_inside.py [--postmaster PID]

Run by `story.py` after the inquiries, so that the inbox holds them. Bare: the rows of the page by hand-written SQL, its
counters, too, without rights, links and HTML; of dashboard and pivot see `figures_inside.py`.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from at_work import HEAD, AtWork
from meter import ratio
from werkzeug.test import Client

from kumiko import catalogue, create_many, principal, utc_now
from kumiko_analytics import dashboards
from kumiko_deals.inquiry_models import Inquiry
from kumiko_tasks.models import Task

TURNS, TASKS, MINE = 20, 5000, 60
INBOX = (
    "SELECT i.id, i.received_at, i.channel, i.name, i.sender_name, i.sender_email, i.state, i.remark,"
    " substr(i.body, 1, 180), l.name AS lead, u.name AS owner FROM deals_inquiry i LEFT JOIN deals_lead l"
    " ON l.id = i.lead_id LEFT JOIN access_user u ON u.id = i.owner_id WHERE i.deleted_at IS NULL"
    " ORDER BY i.received_at DESC, i.id DESC LIMIT 51",
    "SELECT channel, state, count(*) FROM deals_inquiry WHERE deleted_at IS NULL GROUP BY channel, state",
)
DAY = (
    "SELECT id, name, kind, state, priority, related_id, due_on, due_at, deadline_at FROM tasks_task"
    " WHERE owner_id = {me} AND state IN ('open', 'in_progress') AND deleted_at IS NULL ORDER BY deadline_at LIMIT 301",
    "SELECT id, name, start_at FROM tasks_meeting WHERE owner_id = {me} AND deleted_at IS NULL ORDER BY start_at"
    " LIMIT 300",
)


def main() -> None:
    work = AtWork(__doc__ or "")
    client = Client(work.host, use_cookies=False)
    headers = {"Cookie": f"km_session={work.known['head']['session']}"}
    with work.acting(HEAD):
        me = principal().user_id
        first = dashboards.first_of(dashboards.known())
    give_tasks(work, me)
    pages = {
        "inbox": "/inquiries/inbox", "inbox, waiting": "/inquiries/inbox?state=waiting", "my day": "/tasks/day",
        "owner's dashboard": f"/analytics/dashboards/{first}/show",
    }  # fmt: skip
    found: dict[str, Any] = {
        "inquiries": work.count(Inquiry), "tasks": work.count(Task), "load": os.getloadavg()[0],
    }  # fmt: skip
    for name, path in pages.items():
        found[name] = asked(work, client, path, headers)
    engine = work.host.database.reader
    for name, queries in (("inbox", INBOX), ("my day", DAY)):
        texts = [sa.text(one.format(me=me)) for one in queries]

        def bare(texts: list[Any] = texts) -> None:
            for _turn in range(TURNS):
                with engine.connect() as connection:
                    for one in texts:
                        connection.execute(one).all()

        bare()
        found[f"{name}, bare"] = work.meter.measure(bare, TURNS)
        found[f"{name}, ratio"] = ratio(found[name], found[f"{name}, bare"])
    print(json.dumps(found))


def asked(work: AtWork, client: Client, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """A page some times over, after it was compiled."""
    for _warm in range(3):
        answer = client.get(path, headers=headers, follow_redirects=True)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code} {answer.get_data()[:300]!r}")

    def ask() -> None:
        for _turn in range(TURNS):
            client.get(path, headers=headers, follow_redirects=True)

    return {**work.meter.measure(ask, TURNS), "bytes": len(answer.get_data())}


def give_tasks(work: AtWork, me: int) -> None:
    """Tasks for everybody, some of them the reader's: late, today, next, without a day."""
    if work.count(Task) >= TASKS:
        return
    now, deals = utc_now(), work.known["deals"]
    with work.acting():
        users = owners(work)
        for start in range(0, TASKS, 1000):
            rows = []
            for number in range(start, start + 1000):
                mine = number % (TASKS // MINE) == 0
                due_at = None if number % 9 == 0 else now + timedelta(hours=number % 200 - 60)
                rows.append({
                    "name": f"Task {number}", "kind": "call" if number % 2 else "to_do", "due_at": due_at,
                    "owner": me if mine else users[number % len(users)],
                    "related": ("deals.deal", deals[number % len(deals)]),
                })  # fmt: skip
            create_many("tasks.task", rows)


def owners(work: AtWork) -> list[int]:
    """Who has deals."""
    table = catalogue().get("deals.deal").table
    with work.host.database.reader.connect() as connection:
        return [one for one in connection.execute(sa.select(table.c.owner_id).distinct()).scalars() if one is not None]


if __name__ == "__main__":
    main()
