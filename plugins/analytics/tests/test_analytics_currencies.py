"""Exchange rates by REST; boards, lists, goals and figures convert by them and say which they used."""

from datetime import date, timedelta
from importlib import import_module
from json import dumps
from urllib.parse import quote

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from analytics_web import text_of

from kumiko import company_today, create, money_day
from kumiko.access import accounts
from kumiko.currencies.record_types import RATE
from kumiko.host.columns import utc_now
from kumiko.host.models import Setting
from kumiko_testing.queries import counted


def test_totals_are_converted_by_the_rate_of_their_day_and_say_so(web):
    """The same deals on board, list, goal and tile; without rates each currency stands by itself, as it did before."""
    with web.acting() as context:
        context.via = "import"  # closed in the past
        today = company_today()
        team = accounts.find_team_id("Sales")
        won_on = today - timedelta(days=100)
        for name, value, currency in (("Kuwait", "10.000", "KWD"), ("Oslo", "1000.00", "NOK")):
            create("deals.deal", {"name": name, "team": team, "amount": {"value": value, "currency": currency}})
        won = {"outcome": "won", "opened_on": won_on, "closed_on": won_on}
        create("deals.deal", {"name": "Tokyo", "team": team, "amount": {"value": "300000", "currency": "JPY"}, **won})
        period = {"from_on": won_on.isoformat(), "until_on": won_on.isoformat()}
        create("sales.goal", {"measure": "won_amount", "target_amount": "3600 EUR", "for_team": team, **period})
        token = accounts.make_token(accounts.get_user_id("hanna@example.com"))
        assert money_day("deals.deal") == "closed_on"
    hanna = web.person("hanna")
    narrowed = "filter=" + quote(dumps({"f": "name", "op": "in", "v": ["Kuwait", "Oslo", "Tokyo"]}))
    board = f"/deals/board?{narrowed}"
    assert "Rates used" not in text_of(hanna.get(board)) + text_of(hanna.get(f"/deals/totals?{narrowed}"))
    counts = {}
    grouped = f"/deals?{narrowed}&group_by=team&columns=name,amount"
    for path in (board, f"/deals/totals?{narrowed}", grouped):
        with counted() as counts[path]:
            hanna.get(path)

    def rate(code, day, value):
        sent = {"currency": code, "valid_on": day.isoformat(), "rate": value}
        return hanna.client.post("/api/v1/rates", json=sent, headers={"Authorization": f"Bearer {token}"})

    rates = [
        ("kwd", today, 3.0),
        ("JPY", won_on - timedelta(days=1), 0.006),
        ("JPY", won_on + timedelta(days=1), 0.007),
    ]
    assert [rate(*one).status_code for one in rates] == [201, 201, 201]
    refused = [rate("KWD", today, 4), rate("EUR", today, 1), rate("XXY", today, 1), rate("USD", today, -1)]
    assert [one.status_code for one in refused] == [422] * 4
    assert "There is a rate of KWD" in refused[0].text

    said = text_of(hanna.get(f"/deals/totals?{narrowed}"))
    by = f"1 JPY = 0.006 EUR ({rates[1][1]}); 1 KWD = 3 EUR ({today}); no rate for NOK, not added"
    assert ("≈ €1,830.00" in said, by in said, "NOK" in said.partition("≈")[2]) == (True, True, True), said
    lanes = text_of(hanna.get(board))
    assert ("≈ €30" in lanes, f"1 KWD = 3 EUR ({today}); no rate for NOK, not added" in lanes) == (True, True), lanes
    head = text_of(hanna.get(grouped))
    assert ("≈ €1,830.00" in head, "¥300,000 + KWD" in head, f"{by} NOK" in head) == (True, True, True), head
    goals = text_of(hanna.get(f"/goals/progress?on={won_on}"))
    assert ("€1,800.00" in goals, f"1 JPY = 0.006 EUR ({rates[1][1]})" in goals) == (True, True), goals
    figure = text_of(hanna.get(f"/analytics/figures/deals.revenue.won?from={won_on}&until={won_on}"))
    assert f"Converted: 1 JPY = 0.006 EUR ({rates[1][1]})." in figure, figure
    for path, before in counts.items():
        hanna.get(path)
        with counted() as after:
            hanna.get(path)
        assert (path, len(after)) == (path, len(before))


def test_rates_that_were_entered_in_analytics_move_to_the_core(database_url):
    """The migration alone, on the tables as they were before it."""
    move = import_module("kumiko_analytics.migrations.versions.0002_rates_go_to_the_core")
    engine = sa.create_engine(database_url)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        move.downgrade()
        RATE.model.__table__.create(connection)
        Setting.__table__.create(connection)
        old = sa.Table("analytics_rate", sa.MetaData(), autoload_with=connection)
        common = {"created_at": utc_now(), "updated_at": utc_now(), "version": 1}
        for number, (code, day) in enumerate((("USD", 1), ("USD", 2), ("GBP", 1), ("USD", 2)), 1):
            values = {"id": number, "name": code, "valid_on": date(2026, 1, day), "rate": 0.5, **common}
            connection.execute(sa.insert(old).values(values))

        move.upgrade()

        new = sa.Table("currencies_rate", sa.MetaData(), autoload_with=connection)
        found = connection.execute(sa.select(new.c.name, new.c.base, new.c.rate).order_by(new.c.id)).all()
        known = connection.execute(sa.select(Setting.__table__.c.value)).scalars().all()
        assert [tuple(row) for row in found] == [
            ("USD 2026-01-01", "EUR", 0.5), ("USD 2026-01-02", "EUR", 0.5), ("GBP 2026-01-01", "EUR", 0.5),
        ]  # fmt: skip
        assert (known, sa.inspect(connection).has_table("analytics_rate")) == ([["GBP", "USD"]], False)
    engine.dispose()
