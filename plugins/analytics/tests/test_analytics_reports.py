"""Reports: pivots equal a plain calculation, cells open their records, and what cannot be run says so."""

import json
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from analytics_lab import DEALS, seller
from werkzeug.datastructures import MultiDict

from kumiko import all_ids, catalogue, create, current, find_system_mail, get, run_action, transaction, update, utc_now
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted
from kumiko.mailing.models import mails
from kumiko_analytics import mails as report_mails
from kumiko_analytics.pictures import svg_of
from kumiko_analytics.report_form import checked, kept_report, report_of
from kumiko_analytics.report_table import chart_of, file_rows, table_of
from kumiko_analytics.reports import run

PIVOT = MultiDict([
    ("_source", "deals.deal"), ("_row", "owner"), ("_col", "closed_on:month"), ("_measure", "sum:amount"),
    ("_measure", "count"), ("_chart", "stacked"), ("outcome", "won"),
])  # fmt: skip


def test_a_pivot_equals_a_plain_calculation_and_each_cell_opens_its_records(figures_house):
    with figures_house.acting():
        result = run(report_of(PIVOT))
        wanted = {}
        for _name, outcome, amount, _code, _opened, closed, _source, owner, _organization in DEALS:
            if outcome == "won":
                key = ("Anna" if owner == 8101 else "Bob", closed[:7])
                had = wanted.get(key, (0, 0))
                wanted[key] = (had[0] + int(float(amount or 0) * 100), had[1] + 1)
        found = {}
        names = {row.key: row.text for row in result.rows}
        for (row, column), (amount, count) in result.values.items():
            if row and column:
                minor = amount.minor()["EUR"] if hasattr(amount, "minor") else 0
                found[names[row], str(column[0])[:7]] = (minor, int(count))
        assert found == wanted
        table = table_of(result)
        links = [
            parse_qs(urlsplit(cell.href).query)["filter"][0] for row in table.rows for cell in row.cells if cell.href
        ]
        counts = [len(all_ids(catalogue().get("deals.deal"), node=json.loads(node))) for node in links]
        shown = [int(cell.text) for row in table.rows for cell in row.cells[1::2] if cell.text]
        assert counts[1::2] == shown
        titles, rows = file_rows(result)
        assert (len(titles), rows[-1][-2:]) == (len(rows[0]), [590.0, 5])
        drawn = json.loads(chart_of(result))
        assert sum(value or 0 for one in drawn["series"] for value in one["data"]) == 590
        assert "A &amp; B</title>" in svg_of(chart_of(result), "A & B")
    with figures_house.acting(seller(figures_house)):
        assert table_of(run(report_of(PIVOT))).rows[-1].cells[-1].text == "3"


def test_groups_reach_linked_records_and_datasets_and_medians_are_right(figures_house):
    with figures_house.acting():
        rows = run(kept_report({"source": "deals.deal", "rows": ["organization.industry"], "measures": ["sum:amount",
                                "median:amount", "distinct:organization", "share:amount"]}))  # fmt: skip
        assert rows.problem == ""
        found = {
            row.text: [cell.text for cell in line.cells]
            for row, line in zip(rows.rows, table_of(rows).rows, strict=False)
        }
        assert found == {
            "trade": ["€500.00", "€150.00", "2", "32.7 %"], "craft": ["€990.00", "€400.00", "3", "64.7 %"],
            "unknown": ["€40.00", "€40.00", "0", "2.6 %"],
        }  # fmt: skip
        stays = run(kept_report({"source": "sales.stage_stay", "rows": ["stage"], "columns": ["entered_at:year"]}))
        assert (stays.problem, table_of(stays).rows[-1].cells[-1].text) == ("", "9")


def test_what_cannot_be_run_says_so_in_a_sentence(figures_house):
    with figures_house.acting():
        empty = {"f": "name", "op": "eq", "v": "nobody"}
        nothing = run(kept_report({"source": "deals.deal", "measures": ["share:amount"], "filter": empty}))
        assert (nothing.problem, nothing.notes, nothing.is_empty) == ("", ("There is nothing to divide by.",), True)
        sentences = {
            "gone": run(kept_report({"source": "deals.deal", "rows": ["size_class"]})).problem,
            "off": run(kept_report({"source": "stock.item"})).problem,
            "text": run(kept_report({"source": "deals.deal", "measures": ["sum:name"]})).problem,
            "day": run(kept_report({"source": "deals.deal", "rows": ["closed_on"]})).problem,
            "filter": run(kept_report({"source": "deals.deal", "filter": {"f": "x", "op": "eq", "v": 1}})).problem,
            "path": run(
                kept_report({"source": "sales.stage_stay", "filter": {"f": "stage.name", "op": "eq", "v": 1}})
            ).problem,
        }
        assert all(sentence.count(" ") > 3 for sentence in sentences.values()), sentences
        assert "switched off" in sentences["off"]
        assert "size_class" in sentences["gone"]
        for bad in (
            {},
            {"source": 1, "rows": "x"},
            {"source": "a", "chart": "radar"},
            {"source": "a", "more": 1},
            {"source": "a", "measures": ["drop:amount"]},
            {"source": "a", "rows": ["a", "b", "c", "d"]},
            [],
        ):
            with pytest.raises(Invalid):
                checked(bad)
    hidden = seller(figures_house)
    with figures_house.acting(type(hidden)(**{**vars(hidden), "hidden": {"deals.deal": frozenset({"amount"})}})):
        assert "amount" in run(report_of(PIVOT)).problem


class Job:
    """What `run_send` asks of a job."""

    def __init__(self, **payload):
        self.payload = payload


def test_a_report_by_mail_is_delivered_when_the_server_took_it_and_failures_reach_the_owner(figures_house):
    """It is made once per moment, kept as it was sent, and only counts as delivered with its mails."""
    with figures_house.acting() as context:
        owner = all_ids(catalogue().get("access.user"), node={"f": "name", "op": "eq", "v": "Anna"})[0]
        report = create("analytics.report", {"name": "Won", "definition": report_of(PIVOT).as_kept(), "owner": owner})
        made = create("analytics.subscription", {
            "name": "Won this month", "report": report.id, "schedule": "weekly", "hour": 7, "owner": owner,
            "recipients": [{"address": "ann@example.com"}, {"address": "bo@example.com"}], "condition": "changed",
        })  # fmt: skip
        due = made.get("next_at")
        assert (due.astimezone().weekday() in (0, 6, 1), due > utc_now()) == (True, True)

        def state():
            view = get("analytics.subscription", made.id)
            return view.get("state"), view.get("sent_at") is not None, view.get("problem")

        def kept():
            return [get("analytics.snapshot", one) for one in all_ids(catalogue().get("analytics.snapshot"))]

        with transaction():
            report_mails.run_send(Job(subscription=made.id))
        first = kept()[0]
        assert (state(), [one.get("state") for one in kept()]) == (("queued", False, None), ["queued"])
        assert "Anna" in first.get("body")
        assert "Bob" in first.get("body")
        report_mails.run_follow(Job())
        assert state()[0] == "queued", "no server has taken anything yet"
        keys = [report_mails._key(first.id, number) for number in range(2)]
        assert [find_system_mail(key).to for key in keys] == ["ann@example.com", "bo@example.com"]

        def settle(key, word, error=""):
            with transaction():
                trusted(mails.update().where(mails.c.key == key).values(state=word, error=error))

        settle(keys[0], "sent")
        report_mails.run_follow(Job())
        assert state()[0] == "queued"
        settle(keys[1], "sent")
        report_mails.run_follow(Job())
        assert (state(), kept()[0].get("state")) == (("delivered", True, None), "delivered")

        with transaction():
            report_mails.run_send(Job(subscription=made.id))
        assert (state()[0], len(kept())) == ("skipped", 1), "nothing changed since"
        update("analytics.subscription", made.id, {"condition": "above", "threshold": 589})
        with transaction():
            report_mails.run_send(Job(subscription=made.id))
        second = kept()[1]
        settle(report_mails._key(second.id, 0), "sent")
        settle(report_mails._key(second.id, 1), "failed", "mailbox is unknown")
        report_mails.run_follow(Job())
        assert (state()[0], state()[2]) == ("failed", "bo@example.com: mailbox is unknown")
        assert kept()[1].get("problem") == "bo@example.com: mailbox is unknown"
        update("analytics.subscription", made.id, {"threshold": 590})
        with transaction():
            report_mails.run_send(Job(subscription=made.id))
        assert state()[0] == "skipped"

        definition = {**report_of(PIVOT).as_kept(), "rows": ["size_class"]}
        update("analytics.report", report.id, {"definition": definition})
        with transaction():
            report_mails.run_send(Job(subscription=made.id))
        assert state()[0] == "failed"
        assert "size_class" in state()[2]
        notices = [one for one in _notices() if one[0] == owner]
        assert [text.partition(":")[0] for _who, text in notices] == ["“Won this month” was not sent"] * 2
        context.as_principal(None)


def _notices():
    from kumiko.notify.models import notices

    return [
        tuple(row)
        for row in trusted(notices.select().with_only_columns(notices.c.user_id, notices.c.text).order_by(notices.c.id))
    ]


def test_due_reports_get_one_job_each_and_a_seller_sends_to_himself_only(figures_house):
    anna = seller(figures_house)
    with figures_house.acting(anna):
        report = create("analytics.report", {"name": "Mine", "definition": report_of(PIVOT).as_kept()})
        made = create("analytics.subscription", {"name": "Mine", "report": report.id, "condition": "always",
                                                 "recipients": [{"address": "rival@example.com"}]})  # fmt: skip
        with pytest.raises(Invalid):
            create("analytics.subscription", {"name": "Nothing", "recipients": []})
        with transaction():
            report_mails.run_send(Job(subscription=made.id))
        assert "yourself only" in get("analytics.subscription", made.id).get("problem")
        run_action("analytics.subscription", made.id, "send", {})
    with figures_house.acting():
        update("analytics.subscription", made.id, {"next_at": utc_now() - timedelta(hours=1)})
        for _turn in range(2):
            report_mails.run_schedule(Job())
        from kumiko.jobs.models import job_table

        columns = (job_table.c.name, job_table.c.actor_id)
        query = job_table.select().with_only_columns(*columns).where(job_table.c.name == report_mails.SEND)
        jobs = [tuple(row) for row in trusted(query)]
        assert jobs == [(report_mails.SEND, anna.user_id)] * 2, "one by hand, one that was due"
        assert get("analytics.subscription", made.id).get("next_at") > utc_now()
        current().cache.clear()


def test_a_schedule_is_due_by_the_clock_of_the_company(figures_house):
    from kumiko_analytics.rules import next_time

    with figures_house.acting():
        at = next_time("monthly", 7, utc_now().replace(year=2026, month=1, day=31, hour=12))
        assert at.isoformat() == "2026-02-01T07:00:00-05:00"
        assert next_time("daily", 7, at).isoformat() == "2026-02-02T07:00:00-05:00"
        assert next_time("weekly", 0, at).date() == date(2026, 2, 2)
