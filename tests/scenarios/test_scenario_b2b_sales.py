"""A company brings its sales file in: 35 sellers in teams, 85 accounts with parents, 8,800 opportunities.

What must come out is computed from the files alone, with nothing of Kumiko. The files are as they were found: a
misspelt sector, a product named in two ways, 1,425 opportunities without an account.
"""

import csv
import json
import os
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from kumiko import services
from kumiko.access.principals import principal_for_user
from kumiko.host.context import acting_as
from kumiko.operate import cli
from kumiko.operate.shell import Shell
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids, totals
from kumiko_testing import policy

#: Real data lie beside the project, not in it; KUMIKO_SHARED names another place.
SHARED = Path(os.environ.get("KUMIKO_SHARED") or Path(__file__).parents[3] / "shared")
FILES = SHARED / "data" / "b2b-sales"

USERS = (
    "import", "users", str(FILES / "sales_teams.csv"),
    "--map", "name=sales_agent", "--map", "team=manager", "--map", "team.parent=regional_office",
    "--set", "roles=seller", "--create", "teams", "--key", "name",
)  # fmt: skip
ORGANIZATIONS = (
    "import", "organizations", str(FILES / "accounts.csv"),
    "--map", "name=account", "--map", "industry=sector", "--map", "founded_year=year_established",
    "--map", "employees=employees", "--map", "country=office_location", "--map", "parent=subsidiary_of",
    "--key", "name",
)  # fmt: skip
DEALS = (
    "import", "deals", str(FILES / "sales_pipeline.csv"),
    "--map", "external_id=opportunity_id", "--map", "name=opportunity_id", "--map", "owner=sales_agent",
    "--map", "organization=account", "--map", "outcome=deal_stage", "--map", "opened_on=engage_date",
    "--map", "closed_on=close_date", "--map", "amount=close_value", "--set", "currency=USD",
    "--values", "outcome:Prospecting=open", "--values", "outcome:Engaging=open", "--key", "external_id",
)  # fmt: skip


@pytest.fixture(autouse=True)
def files():
    if not FILES.is_dir():
        policy.missing(f"the sales files are not at {FILES}")


def rows_of(name):
    with (FILES / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def kumiko(database_url, tmp_path, monkeypatch, capfd):
    """Runs a command line in an installation of its own; gives what it said as JSON."""
    monkeypatch.setenv("KUMIKO_HOME", str(tmp_path))
    monkeypatch.setenv("KUMIKO_DATABASE_URL", database_url)

    def run(*arguments, code=0):
        capfd.readouterr()
        try:
            cli.main([*arguments, "--json"])
            ended = 0
        except SystemExit as end:
            ended = end.code or 0
        said = capfd.readouterr()
        assert ended == code, said.err
        lines = [line for line in said.out.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {}

    run("init", "--empty", "--modules", "deals")
    return run


def test_a_sales_file_comes_in_whole_is_seen_by_its_people_and_is_undone(kumiko):
    users = kumiko(*USERS)
    group = str(users["group"])
    organizations = kumiko(*ORGANIZATIONS, "--group", group)
    checked = kumiko(*DEALS, "--group", group, "--dry-run")
    deals = kumiko(*DEALS, "--group", group)

    assert (users["created"], users["made"], users["refused"]) == (35, {"teams": 9}, 0)
    assert (organizations["created"], organizations["refused"], organizations["unmapped"]) == (85, 0, ["revenue"])
    assert (deals["created"], deals["refused"], deals["unmapped"]) == (8800, 0, ["product"])
    assert deals["columns"]["account"] == {"given": 7375, "taken": 7375}
    assert {**checked, "dry_run": False, "group": deals["group"]} == deals

    with Shell().acting():
        the_totals_are_those_of_the_file()
        the_accounts_are_those_of_the_file()
        every_seller_sees_exactly_the_accounts_of_own_opportunities()
        nobody_of_the_sellers_can_sign_in()

    for command in (USERS, ORGANIZATIONS, DEALS):
        again = kumiko(*command)
        assert (again["created"], again["updated"], again["refused"], again["made"], again["group"]) == (
            0, 0, 0, {}, None,
        )  # fmt: skip
        assert again["unchanged"] == again["rows"]

    undone = kumiko("undo", group)
    assert (undone["overwritten"], undone["refused"], undone["waiting"]) == ([], [], [])
    with Shell().acting():
        left = {name: len(all_ids(catalogue().by_collection[name])) for name in ("deals", "organizations", "teams")}
        assert left == {"deals": 0, "organizations": 0, "teams": 0}
        assert [service.get("access.user", one).title for one in all_ids(catalogue().get("access.user"))] == [
            "Administrator"
        ]


def the_totals_are_those_of_the_file():
    rows = rows_of("sales_pipeline.csv")
    info = catalogue().get("deals.deal")
    outcomes = {
        name: len(all_ids(info, node={"f": "outcome", "op": "eq", "v": name})) for name in ("won", "lost", "open")
    }
    assert outcomes == {"won": 4238, "lost": 2473, "open": 2089}
    assert len(all_ids(info, node={"f": "organization", "op": "empty"})) == 1425
    won = {"f": "outcome", "op": "eq", "v": "won"}
    assert [(one.currency, one.minor) for _by, one in totals(info, ["amount"], node=won)] == [("USD", 1000553400)]

    wanted = Counter()
    for row in rows:
        if row["deal_stage"] == "Won":
            wanted[row["sales_agent"]] += int(row["close_value"])
    found = {
        service.get("access.user", user_id).title: one.minor // 100
        for user_id, one in totals(info, ["amount"], node=won, by="owner")
    }
    assert found == dict(wanted)
    the_totals_of_teams_are_those_of_the_file(totals(info, ["amount"], node=won, by="team"), wanted)


def the_totals_of_teams_are_those_of_the_file(found, won_by_seller):
    by_manager, by_region = Counter(), Counter()
    for row in rows_of("sales_teams.csv"):
        by_manager[row["manager"]] += won_by_seller[row["sales_agent"]]
        by_region[row["regional_office"]] += won_by_seller[row["sales_agent"]]
    teams = {team_id: service.get("access.team", team_id) for team_id, _total in found}
    regions = Counter()
    for team_id, total in found:
        regions[teams[team_id].get("parent").name] += total.minor // 100
    assert {teams[team_id].title: total.minor // 100 for team_id, total in found} == {
        name: value for name, value in by_manager.items() if value
    }
    assert regions == by_region


def the_accounts_are_those_of_the_file():
    info = catalogue().get("parties.organization")
    found = {}
    for one in all_ids(info):
        view = service.get(info.key, one)
        parent = view.get("parent")
        found[view.title] = (view.get("industry"), view.get("employees"), parent.name if parent else "")
    assert found == {
        row["account"]: (row["sector"], int(row["employees"]), row["subsidiary_of"]) for row in rows_of("accounts.csv")
    }


def every_seller_sees_exactly_the_accounts_of_own_opportunities():
    wanted, deals = defaultdict(set), Counter()
    for row in rows_of("sales_pipeline.csv"):
        deals[row["sales_agent"]] += 1
        if row["account"]:
            wanted[row["sales_agent"]].add(row["account"])
    names = {row["sales_agent"] for row in rows_of("sales_teams.csv")}
    organizations, types = catalogue().get("parties.organization"), catalogue()
    titles = {one: service.get(organizations.key, one).title for one in all_ids(organizations)}
    for user_id in all_ids(types.get("access.user")):
        name = service.get("access.user", user_id).title
        if name not in names:
            continue
        seller = principal_for_user(user_id)
        with acting_as(seller):
            assert {titles[one] for one in all_ids(organizations)} == wanted[name]
            assert len(all_ids(types.get("deals.deal"))) == deals[name]


def nobody_of_the_sellers_can_sign_in():
    views = [service.get("access.user", one) for one in all_ids(catalogue().get("access.user"))]
    sellers = [view for view in views if view.get("roles") == ["seller"]]
    assert len(sellers) == 35
    assert [view.title for view in sellers if view.get("email")] == []


def test_with_sales_the_files_stages_are_stages_and_say_the_outcome(kumiko):
    """The same file without a word about outcomes: `Won` and `Lost` are stages of the pipeline, the others are made."""
    kumiko("plugin", "enable", "sales")
    with Shell().acting():  # a second pipeline has stages called Won and Lost, too
        service.create("sales.pipeline", {"name": "Partners"})
    group = str(kumiko(*USERS)["group"])
    kumiko(*ORGANIZATIONS, "--group", group)
    by_outcome = DEALS.index("outcome=deal_stage")
    staged = [*DEALS[:by_outcome], "stage=deal_stage", *DEALS[by_outcome + 1 :], "--create", "stages"]
    staged = [word for at, word in enumerate(staged) if "outcome:" not in word and "outcome:" not in "".join(
        staged[at + 1 : at + 2] if word == "--values" else ())]  # fmt: skip
    deals = kumiko(*staged, "--group", group)
    assert (deals["created"], deals["refused"], deals["made"]) == (8800, 0, {"stages": 1})

    with Shell().acting():
        info = catalogue().get("deals.deal")
        names = {one: service.get("sales.stage", one).title for one in all_ids(catalogue().get("sales.stage"))}
        found = Counter()
        for stage_id, name in names.items():
            found[name] += len(all_ids(info, node={"f": "stage", "op": "eq", "v": stage_id}))
        wanted = Counter(row["deal_stage"] for row in rows_of("sales_pipeline.csv"))
        assert {name: count for name, count in found.items() if count} == dict(wanted)
        assert wanted == {"Prospecting": 500, "Engaging": 1589, "Won": 4238, "Lost": 2473}
        the_totals_are_those_of_the_file()

    again = kumiko(*staged)
    assert (again["created"], again["updated"], again["made"], again["unchanged"]) == (0, 0, {}, 8800)
    undone = kumiko("undo", group)
    assert (undone["overwritten"], undone["refused"], undone["waiting"]) == ([], [], [])
    with Shell().acting():
        assert all_ids(catalogue().get("deals.deal")) == []
        left = [service.get("sales.stage", one).title for one in all_ids(catalogue().get("sales.stage"))]
        assert "Engaging" not in left


def test_figures_and_reports_equal_a_plain_calculation_from_the_file(kumiko):
    """Revenue, win rate, and revenue per seller, manager, region, product and quarter. A deal has no product before it
    has lines, so the column comes in as the campaign; "GTXPro" is "GTX Pro" by a value map, nothing else is guessed."""
    from kumiko_analytics.report_form import kept_report
    from kumiko_analytics.reports import run
    from kumiko_contracts.analytics import MetricValue

    kumiko("plugin", "enable", "analytics")
    kumiko(*USERS)
    kumiko(*ORGANIZATIONS)
    kumiko(*DEALS, "--map", "campaign=product", "--values", "campaign:GTXPro=GTX Pro")
    teams = {row["sales_agent"]: row for row in rows_of("sales_teams.csv")}
    wanted = {name: Counter() for name in ("owner", "team", "team.parent", "campaign", "closed_on:quarter")}
    outcomes, total = Counter(), 0
    for row in rows_of("sales_pipeline.csv"):
        outcomes[row["deal_stage"]] += 1
        if row["deal_stage"] != "Won":
            continue
        value, seller, (year, month, _day) = int(row["close_value"]), row["sales_agent"], row["close_date"].split("-")
        total += value
        wanted["owner"][seller] += value
        wanted["team"][teams[seller]["manager"]] += value
        wanted["team.parent"][teams[seller]["regional_office"]] += value
        wanted["campaign"]["GTX Pro" if row["product"] == "GTXPro" else row["product"]] += value
        wanted["closed_on:quarter"][f"Q{(int(month) + 2) // 3} {year}"] += value
    with Shell().acting():
        value = services.get("analytics/1").value
        ever = {"since": date(2000, 1, 1), "until": date(2100, 1, 1)}
        assert value("deals.revenue.won", **ever) == MetricValue(amounts_minor={"USD": total * 100})
        assert value("deals.win_rate.count", **ever).number == outcomes["Won"] / (outcomes["Won"] + outcomes["Lost"])
        assert (outcomes["Won"], outcomes["Won"] + outcomes["Lost"]) == (4238, 6711)
        for group, sums in wanted.items():
            won = {"f": "outcome", "op": "eq", "v": "won"}
            result = run(
                kept_report({"source": "deals.deal", "rows": [group], "measures": ["sum:amount"], "filter": won})
            )
            found = {row.text: result.values[row.key, ()][0].minor()["USD"] // 100 for row in result.rows}
            assert found == dict(sums), group
