"""Dashboards, figures and reports in the browser: own figures, sharing, composing, files, and what a page costs."""

import re
from html import unescape

from analytics_web import text_of

from kumiko import all_ids, catalogue, get
from kumiko_testing.queries import counted

BAD_ADDRESSES = (
    ("figures/nobody.knows", 404), ("figures/deals.won.count?period=soon", 422),
    ("figures/deals.won.count?from=2026-02-30&until=x", 422), ("figures/deals.won.count?owner=x", 200),
    ("figures/deals.won.count?group=colour", 200), ("dashboards/999/show", 404),
    ("figures/sales.funnel.cohort?source=none", 200), ("figures/deals.won.count/records?part=x", 404),
    ("reports/new?_source=nothing", 200), ("reports/run.csv?_source=nothing", 404),
    ("reports/run.pdf?_source=deals.deal", 404), ("reports/new?_chart=radar", 422),
)  # fmt: skip
YEAR = "from=2026-01-01&until=2026-12-31"


def dashboards(web):
    """Name -> id."""
    with web.acting():
        return {get("analytics.dashboard", one).title: one for one in all_ids(catalogue().get("analytics.dashboard"))}


def test_the_owner_sees_the_business_and_a_seller_his_own_figures(web):
    """One page with few statements; each number leads to its records; the same definition for both, other records."""
    hanna, sam = web.person("hanna"), web.person("sam")
    owners, own = dashboards(web)["Owner's dashboard"], dashboards(web)["My figures"]
    assert hanna.get("/analytics").headers["Location"].endswith(f"/analytics/dashboards/{owners}/show")
    assert sam.get("/analytics").headers["Location"].endswith(f"/analytics/dashboards/{own}/show")
    hanna.get(f"/analytics/dashboards/{owners}/show?{YEAR}")
    with counted() as statements:
        page = hanna.get(f"/analytics/dashboards/{owners}/show?{YEAR}")
    assert len(statements) <= 25, statements
    whole = text_of(page)
    assert "Revenue won €500" in whole
    assert "Customer acquisition cost €166.67" in whole.replace("€167", "€166.67")
    mine = text_of(sam.get(f"/analytics/dashboards/{owners}/show?{YEAR}"))
    assert "Revenue won €350" in mine
    assert "You see figures of your own records." in mine
    assert "won €500" not in mine
    lazy = re.findall(r'hx-get="([^"]+/tile/[^"]+)"', page.text)
    funnel = text_of(hanna.get(unescape(lazy[0])))
    assert len(lazy) == 2
    assert "Weakest step" in funnel
    assert "Pipeline: Sales" in funnel
    links = [unescape(href) for href in re.findall(r'<b><a href="([^"]+)"', page.text)]
    assert {hanna.get(href).status_code for href in links} <= {200, 303}
    assert len(links) == 8
    for person in (hanna, sam):
        for tab in ("Channels+and+cost", "People"):
            answer = person.get(f"/analytics/dashboards/{owners}/show?{YEAR}&tab={tab}")
            assert answer.status_code == 200
    channels = text_of(hanna.get(f"/analytics/dashboards/{owners}/show?{YEAR}&tab=Channels+and+cost"))
    assert "post – – – – – €25.00 no value no value no value" in channels, "it cost money and brought nobody"
    assert "€25.00" not in text_of(sam.get(f"/analytics/dashboards/{owners}/show?{YEAR}&tab=Channels+and+cost"))


def test_the_page_of_a_figure_proves_it_and_bad_addresses_get_sentences(web):
    hanna = web.person("hanna")
    shown = text_of(hanna.get(f"/analytics/figures/deals.win_rate.count?{YEAR}&group=owner"))
    assert "66.7 %" in shown
    assert "won / (won + lost)" in shown
    assert "Sam" in shown
    cac = hanna.get(f"/analytics/figures/analytics.cost.cac?{YEAR}&group=source")
    assert "unknown" in text_of(cac)
    rows = unescape(re.search(r'href="([^"]+/records\?[^"]+)"', cac.text)[1])
    behind = hanna.get(rows)
    assert behind.status_code == 303
    assert hanna.get(behind.headers["Location"]).status_code == 200
    assert hanna.get("/analytics/figures").status_code == 200
    for path, status in BAD_ADDRESSES:
        answer = hanna.get(f"/analytics/{path}")
        assert (path, answer.status_code) == (path, status), text_of(answer)[:300]


def test_a_dashboard_is_composed_shared_and_undone(web):
    """Private ones are their owner's alone, those of a team its members', public ones everybody's."""
    hanna, sam, sue = (web.person(name) for name in ("hanna", "sam", "sue"))
    own = dashboards(web)["My figures"]
    made = sam.post(f"/analytics/dashboards/{own}/copy")
    edit = made.headers["Location"].replace("http://crm.local", "")
    show = edit.replace("/edit", "/show")
    assert [one.get(show).status_code for one in (sam, sue, hanna)] == [200, 404, 404]
    version = re.search(r'name="_version" value="(\d+)"', sam.get(edit).text)[1]
    added = sam.post(edit, {"deed": "add", "new.metrics": "deals.lost.count", "new.kind": "table",
                            "new.group": "source", "new.width": "2", "new.title": "Lost by source",
                            "_version": version})  # fmt: skip
    assert added.status_code == 303
    assert "Lost by source" in text_of(sam.get(show))
    refused = sam.post(edit, {"deed": "add", "new.kind": "radar", "new.metrics": "x"})
    assert refused.status_code == 422
    assert "radar" in refused.text
    dashboard = int(re.search(r"/(\d+)/", edit)[1])
    with web.acting("sam@example.com"):
        from kumiko import update

        update("analytics.dashboard", dashboard, {"sharing": "team"})
    assert [one.get(show).status_code for one in (sam, sue, hanna)] == [200, 200, 200]
    assert [one.get(edit).status_code for one in (sue, hanna)] == [403, 403]
    assert sam.post(edit, {"deed": "remove", "place": "12"}).status_code == 303
    assert "Lost by source" not in text_of(sam.get(show))


def test_a_report_is_built_kept_and_leaves_as_a_file_for_those_who_may_export(web):
    hanna, sam = web.person("hanna"), web.person("sam")
    groups = "_row=organization.industry&_col=closed_on:quarter"
    page = hanna.get(f"/analytics/reports/new?_source=deals.deal&{groups}&_measure=sum:amount&_chart=bars&outcome=won")
    assert page.status_code == 200
    assert "€500.00" in text_of(page)
    assert "Save the report" in text_of(page)
    kept = hanna.post("/analytics/reports/new", {
        "_name": "Industries", "_sharing": "public", "_source": "deals.deal", "_row": "organization.industry",
        "_col": "closed_on:quarter", "_measure": "sum:amount", "_chart": "bars", "outcome": "won",
    })  # fmt: skip
    path = kept.headers["Location"].replace("http://crm.local", "")
    assert "€590.00" in text_of(hanna.get(path))
    assert "€440.00" in text_of(sam.get(path))
    csv = hanna.get(f"{path}/data.csv")
    assert (csv.status_code, "500.0" in csv.text, csv.text.startswith("\ufeff")) == (200, True, True)
    assert hanna.get(f"{path}/data.xlsx").data[:2] == b"PK"
    assert "<svg" in hanna.get(f"{path}/picture.svg").text
    assert sam.get(f"{path}/data.csv").status_code == 403
    assert hanna.get(path.replace("reports/", "reports/") + "/edit").status_code == 200
    assert hanna.post("/analytics/reports/new", {"_source": "deals.deal"}).status_code == 422
