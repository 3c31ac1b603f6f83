"""A small history, the same in every test: deals of two sellers, costs per source, in days of the company's zone."""

from datetime import UTC, date, datetime, timedelta

from kumiko import all_ids, catalogue, create, current, utc_now
from kumiko.host import settings
from kumiko_deals.setup import make_lists
from kumiko_sales.setup import make_pipeline
from kumiko_testing.records import OWN, person

ANNA, BOB = 8101, 8102
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
DEALS = (  # name, outcome, amount, currency, opened, closed, source, owner, organization
    ("A1", "won", "100.00", "EUR", "2026-01-05", "2026-02-04", "web", ANNA, "Acme"),
    ("A2", "won", "250.00", "EUR", "2026-01-10", "2026-02-24", "web", ANNA, "Bolt"),
    ("A3", "won", "150.00", "EUR", "2026-02-01", "2026-04-17", "fair", BOB, "Acme"),
    ("A4", "lost", "400.00", "EUR", "2026-01-20", "2026-03-01", "web", BOB, "Core"),
    ("A5", "lost", None, None, "2026-03-01", "2026-03-15", None, ANNA, None),
    ("A6", "open", "500.00", "EUR", "2026-03-05", None, "fair", ANNA, "Dune"),
    ("A7", "open", "40.00", "EUR", None, None, None, BOB, None),
    ("A8", "won", None, None, "2026-05-01", "2026-05-02", None, BOB, "Echo"),
    ("A9", "won", "90.00", "EUR", "2025-11-01", "2025-12-31", "web", ANNA, "Dune"),
)
COSTS = (
    ("Adverts", "marketing", "60.00", "2026-02-10", "web"),
    ("Stand", "marketing", "300.00", "2026-04-01", "fair"),
    ("Leaflets", "marketing", "25.00", "2026-03-01", "post"),
    ("Brand", "marketing", "15.00", "2026-01-31", None),
    ("Salaries", "sales", "100.00", "2026-03-31", None),
    ("Late", "marketing", "999.00", "2027-01-01", "web"),
)


def make_history():
    """Lists, pipeline, organizations, deals and costs."""
    make_lists()
    make_pipeline()
    settings.put({"host.currency": "EUR", "host.zone": "America/Bogota"})
    context = current()
    context.via = "import"
    sources = {name: create("deals.source", {"name": name}).id for name in ("web", "fair", "post")}
    organizations = {
        name: create("parties.organization", {"name": name, "industry": "trade" if name < "C" else "craft"}).id
        for name in ("Acme", "Bolt", "Core", "Dune", "Echo")
    }
    users = {number: create_user(name) for number, name in ((ANNA, "Anna"), (BOB, "Bob"))}
    for name, outcome, amount, currency, opened, closed, source, owner, organization in DEALS:
        values = {"name": name, "outcome": outcome, "opened_on": opened, "closed_on": closed, "owner": users[owner]}
        if amount:
            values["amount"] = {"value": amount, "currency": currency}
        if source:
            values["source"] = sources[source]
        if organization:
            values["organization"] = organizations[organization]
        if outcome == "open":
            values["expected_close_on"] = "2026-06-15"
        create("deals.deal", values)
    for name, kind, amount, day, source in COSTS:
        cost = {"name": name, "kind": kind, "amount": {"value": amount, "currency": "EUR"}, "spent_on": day}
        create("analytics.cost", cost | ({"source": sources[source]} if source else {}))
    create("deals.interaction", {"kind": "call", "started_at": datetime(2026, 2, 1, 4, 30, tzinfo=UTC), "body": "Late",
                                 "duration_min": 10, "owner": users[ANNA]})  # fmt: skip
    for name, minutes in (("L1", 15), ("L2", 40), ("L3", None)):
        lead = {"name": name, "source": sources["web"], "owner": users[ANNA]}
        answered = {}
        if minutes:
            answered_at = utc_now() + timedelta(hours=1)
            answered = {"first_responded_at": answered_at, "first_response_min": minutes, "answered_late": minutes > 30}
        create("inquiries.lead", lead | answered)
    context.via = "web"


def seller(house):
    """Anna, who sees her own records."""
    with house.acting():
        anna = all_ids(catalogue().get("access.user"), node={"f": "name", "op": "eq", "v": "Anna"})[0]
    return person(anna, "Anna", level=OWN)


def create_user(name):
    return create("access.user", {"name": name}).id
