"""The workloads: what Kumiko is asked, and what of the reference does the same work."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from servers import Server

#: Columns of the JSON lists: 18 fields with five joins, beside id, type and version. The reference sends 20 columns.
FIELDS = (
    "name,amount,organization,person,outcome,expected_close_on,opened_on,closed_on,competitor,source,campaign,"
    "next_step,next_step_on,description,owner,team,created_at,updated_at"
)
WON, LEAST = "outcome=won&amount__gt=5000&sort=-amount", "stage=7&min=5000"  # the same deals in both
WORDS = ("stein", "bergova", "linmar", "hansen", "torul", "anna", "robotics", "textiles")
Request = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """One cell of the table. `page`: asked by a browser with its session, else by a program with a token."""

    key: str
    title: str
    ours: list[Request]
    theirs: list[Request]
    page: bool = False
    expect: tuple[int, ...] = (200,)
    their_expect: tuple[int, ...] = (200,)
    contains: str = ""


def reading(ours: Server, theirs: Server, *, deep_page: int) -> list[Workload]:
    """W1 to W4, W7 and W8. `deep_page`: which page of the filtered list is the deep one."""
    dice = random.Random(7)
    cards = dice.sample(ours.known["deals"], 200)
    details = dice.sample(range(1, len(ours.known["deals"]) + 1), 200)
    cursor = _cursor(ours, deep_page)
    mark = _mark(theirs, deep_page)
    listed = f"/api/v1/deals?{WON}&fields={FIELDS}"
    finding = [_get(f"/api/v1/search?q={word}") for word in WORDS]
    return [
        Workload("W1", "list page, HTML", [_get("/deals")], [_get("/page-core")], page=True, contains="deal"),
        Workload("W2", "list, JSON", [_get(f"/api/v1/deals?fields={FIELDS}")], [_get("/session")]),
        Workload(
            "W3a", "filtered list, first page", [_get(listed)], [_get(f"/filter?{LEAST}")]
        ),
        Workload(
            "W3b", f"filtered list, page {deep_page} by key",
            [_get(f"{listed}&after={cursor}")], [_get(f"/filter-keyset?{LEAST}&{mark}")],
        ),
        Workload(
            "W4", "card with timeline, HTML", [_get(f"/deals/{one}") for one in cards],
            [_get(f"/detail/{one}") for one in details], page=True,
        ),
        Workload(
            "W7", "search", finding, [_get(f"/search?q={word}") for word in WORDS]
        ),
        # the reference counts and sums all deals of its table; the board adds rights, currencies, weights and 72 cards
        Workload("W8", "board: sums and first cards, HTML", [_get("/deals/board")], [_get("/funnel")], page=True,
                 contains="km-lane"),
    ]  # fmt: skip


def writing(ours: Server) -> list[Workload]:
    """W5 and W6."""
    organizations, persons, deals = (ours.known[name][:200] for name in ("organizations", "persons", "deals"))
    dice = random.Random(8)
    made = [
        {"name": "New {n}", "organization": dice.choice(organizations), "person": dice.choice(persons),
         "amount": {"value": "1200.00", "currency": "EUR"}, "expected_close_on": "2026-12-24"}
        for _ in range(50)
    ]  # fmt: skip
    return [
        Workload(
            "W5", "create a deal", [_send("POST", "/api/v1/deals", body) for body in made],
            [_send("POST", "/deal", {"name": "New {n}", "organization": 7, "person": 9, "owner": 4, "stage": 1,
                                     "amount": 1200, "close_date": "2026-12-24"})],
            expect=(201,), their_expect=(201,),
        ),
        Workload(
            "W6", "change a deal",
            [_send("PATCH", f"/api/v1/deals/{one}", {"next_step": "Step {n}"}, {"If-Match": "*"}) for one in deals],
            [_send("POST", f"/deal/{one}/stage", {"stage": 3}) for one in range(1, 201)],
        ),
    ]  # fmt: skip


def _get(path: str) -> Request:
    return {"path": path}


def _send(method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Request:
    said = {"Content-Type": "application/json", **(headers or {})}
    return {"method": method, "path": path, "body": json.dumps(body), "headers": said}


def _cursor(ours: Server, page: int) -> str:
    """Cursor of the page before `page`: walked as a program would, in steps of 50."""
    after = ""
    for _ in range(page - 1):
        path = f"/api/v1/deals?{WON}&fields=name&limit=50" + (f"&after={after}" if after else "")
        status, _headers, body = ours.get(path, ours.way_in(page=False))
        if status != 200:
            raise SystemExit(f"walking to page {page}: {status} {body[:300]!r}")
        after = json.loads(body)["next"]
    return after


def _mark(theirs: Server, page: int) -> str:
    _status, _headers, body = theirs.get(f"/filter-deferred?{LEAST}&page={page - 1}", theirs.way_in())
    last = json.loads(body)["items"][-1]
    return f"amount={last['amount']}&id={last['id']}"
