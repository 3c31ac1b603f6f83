"""Pages of administrators: who opens them, and what they do to modules, users, teams, roles, settings and jobs."""

import re

import admin_lab
import pytest
from admin_lab import Desk

from kumiko.access import accounts, audit
from kumiko.host import settings
from kumiko.host.context import transaction
from kumiko.jobs import enqueue
from kumiko.records import service
from kumiko.records.undo import undo

SELLER = "sal@example.com"


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


@pytest.fixture
def root(desk):
    return desk.browser()


def admin_rules(desk):
    app = desk.host.generation.app
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")]


def filled(rule):
    return re.sub(r"<(int:)?\w+>", lambda match: "1" if match[1] else "deals", rule.rule)


def test_every_page_of_administration_names_its_permission(desk):
    views = desk.host.generation.app.view_functions
    rules = admin_rules(desk)

    assert len(rules) > 30
    # /admin itself leads on to the first page that one may open
    assert [rule.rule for rule in rules if not getattr(views[rule.endpoint], "kumiko_needs", "")] == ["/admin"]


@pytest.mark.parametrize("email", [SELLER, "hedy@example.com"])
def test_others_are_refused_on_every_page_and_change_nothing(desk, email):
    browser = desk.browser(email)
    statuses = {}
    for rule in admin_rules(desk):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = browser.get(filled(rule)) if method == "GET" else browser.submit(filled(rule))
            statuses[f"{method} {rule.rule}"] = answer.status_code

    assert {key: status for key, status in statuses.items() if status not in (403, 404)} == {}
    assert browser.get("/welcome").status_code == 403
    assert browser.submit("/welcome", {"company": "Mine"}).status_code == 403
    assert desk.host.follow().is_on("deals")


def test_every_page_opens_for_the_administrator_without_a_server_error(desk, root):
    answers = {filled(rule): root.get(filled(rule)).status_code for rule in admin_rules(desk) if "GET" in rule.methods}

    assert {path: status for path, status in answers.items() if status not in (200, 404)} == {"/admin": 302}
    assert [
        path for path, status in answers.items() if status == 404 and "/1" not in path and "/deals" not in path
    ] == []


def test_a_module_is_switched_off_after_its_impact_was_shown_and_on_again(desk, root):
    with desk.acting():
        service.create("deals.deal", {"name": "Kept"})

    asked = root.get("/admin/plugins/deals/disable", X_Dialog="1").text
    off = root.submit("/admin/plugins/deals/disable")
    gone = root.get("/deals")
    listed = root.get("/admin/plugins").text
    on = root.submit("/admin/plugins/deals/enable")

    assert "Deals (1 records, kept)" in asked
    assert (off.status_code, gone.status_code, "switched off" in gone.text) == (303, 404, True)
    assert 'action="/admin/plugins/deals/enable"' in listed
    assert (on.status_code, root.get("/deals").status_code) == (303, 200)
    with desk.acting():
        assert [(row.act, row.actor) for row in audit.newest(3) if row.act.startswith("plugin")] == [
            ("plugin.enable", "Root"),
            ("plugin.disable", "Root"),
        ]


def test_modules_that_need_it_go_off_only_with_consent_and_bring_it_back(desk, root, zoo, monkeypatch):
    zoo.add("needy", toml='requires = ["deals/1"]')
    monkeypatch.setenv("PYTHONPATH", str(zoo.folder))
    root.submit("/admin/plugins/needy/enable")
    on = desk.host.follow().is_on("needy")

    asked = root.submit("/admin/plugins/deals/disable")
    still = desk.host.follow().is_on("deals")
    root.submit("/admin/plugins/deals/disable", {"cascade": "1"})
    root.get("/")
    off = {name: desk.host.follow().is_on(name) for name in ("deals", "needy")}
    root.submit("/admin/plugins/needy/enable")
    root.get("/")

    assert (on, asked.status_code, "because they need it: Needy" in asked.text, still) == (True, 200, True, True)
    assert off == {"deals": False, "needy": False}
    assert {name: desk.host.follow().is_on(name) for name in off} == {"deals": True, "needy": True}


def test_a_module_that_cannot_run_says_why_in_words_and_offers_a_button(desk, root, zoo, monkeypatch):
    zoo.add("broken", "raise RuntimeError('no coffee')")
    monkeypatch.setenv("PYTHONPATH", str(zoo.folder))

    refused = root.submit("/admin/plugins/broken/enable")
    page = root.get("/admin/plugins").text

    assert refused.status_code == 303
    assert "does not run" in page
    assert "no coffee" in page
    assert "Try again" in page


def test_data_of_a_module_are_deleted_only_when_its_name_is_typed(desk, root):
    root.submit("/admin/plugins/deals/disable")
    asked = root.get("/admin/plugins/deals/purge").text
    root.submit("/admin/plugins/deals/purge", {"typed": "something"})
    kept = root.get("/admin/plugins/deals/purge").text
    root.submit("/admin/plugins/deals/purge", {"typed": "deals"})

    assert "Tables: deals_deal" in asked
    assert "Tables: deals_deal" in kept
    root.submit("/admin/plugins/deals/enable")
    with desk.acting():
        assert desk.host.generation.is_on("deals")


def test_an_invited_user_sets_a_password_with_a_link_shown_once(desk, root):
    shown = root.submit(
        "/admin/users", {"name": "Nia", "email": "Nia@example.com", "roles": ["", "seller"], "team": ""}
    )
    link = re.search(r"http://crm\.local(/set-password/[\w-]+)", shown.text)[1]
    user_id = desk.user_id("nia@example.com")
    again = root.get(f"/admin/users/{user_id}").text
    nia = admin_lab.Clicking(desk.host, "crm.local")
    token = nia.token_of_page(link)
    done = nia.post(link, {"_csrf": token, "password": "five green hills", "again": "five green hills"})

    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    assert link not in again
    assert (done.status_code, nia.get("/").status_code) == (303, 200)


def test_a_refused_user_form_keeps_what_was_typed(desk, root):
    answer = root.submit("/admin/users", {"name": "Twice", "email": SELLER, "roles": ["", "seller"]})

    assert answer.status_code == 422
    assert 'value="Twice"' in answer.text
    assert "already belongs to another user" in answer.text


def test_disabling_and_signing_out_end_the_sessions_of_a_user(desk, root):
    sam, sam_id = desk.browser(SELLER), desk.user_id(SELLER)
    root.submit(f"/admin/users/{sam_id}/sign-out")
    out = sam.get("/").status_code
    sam = desk.browser(SELLER)
    root.submit(f"/admin/users/{sam_id}/disable")
    disabled = sam.get("/").status_code
    last = root.submit(f"/admin/users/{desk.user_id('root@example.com')}/disable")
    root.submit(f"/admin/users/{sam_id}/enable")

    assert (out, disabled) == (303, 303)
    assert (last.status_code, root.get("/").status_code) == (303, 200)
    assert desk.browser(SELLER).get("/").status_code == 200


def test_looking_as_a_seller_shows_their_menu_and_changes_nothing(desk, root):
    page = root.get(f"/admin/users/{desk.user_id(SELLER)}").text
    root.submit(f"/view-as/{desk.user_id(SELLER)}")
    seen, refused = root.get("/"), root.submit("/start/steps/hide")

    assert f'action="/view-as/{desk.user_id(SELLER)}"' in page
    assert "You see Kumiko as Sal does" in seen.text
    assert "/admin/plugins" not in seen.text
    assert (refused.status_code, root.get("/admin/users").status_code) == (403, 403)
    root.submit("/view-as/stop")
    assert root.get("/admin/users").status_code == 200


def test_a_dissolved_team_hands_over_people_records_and_teams_and_comes_back_by_undo(desk, root):
    with desk.acting():
        north = accounts.find_team_id("North")
        south = service.create("access.team", {"name": "South"}).id
        small = service.create("access.team", {"name": "Small", "parent": north}).id
        deal = service.create("deals.deal", {"name": "One", "team": north}).id

    asked = root.get(f"/admin/teams/{north}/dissolve").text
    unsaid = root.submit(f"/admin/teams/{north}/dissolve", {"target": ""})
    below = root.submit(f"/admin/teams/{north}/dissolve", {"target": str(small)})
    done = root.submit(f"/admin/teams/{north}/dissolve", {"target": str(south)})

    def places():
        with desk.acting():
            return (
                service.get("access.user", desk.user_id(SELLER)).link_id("team"),
                service.get("deals.deal", deal).link_id("team"),
                service.get("access.team", small).link_id("parent"),
                service.find("access.team", north) is not None,
            )

    assert "Users: 3, Deals: 1, Teams: 1" in asked or all(
        text in asked for text in ("Users: 3", "Deals: 1", "Teams: 1")
    )
    assert (unsaid.status_code, below.status_code, done.status_code) == (422, 422, 303)
    assert places() == (south, south, south, False)
    with desk.acting():
        from kumiko.records.history import recent_groups

        undo(recent_groups(limit=1)[0].id)
    assert places() == (north, north, north, True)


def test_a_role_is_looked_at_before_it_is_saved(desk, root):
    with desk.acting():
        for number in range(3):
            service.create("deals.deal", {"name": f"Deal {number}"})
        role = seller_role()
    sent = {"level:deals.deal:read": "all", "_permissions": "import.run", "right:import.run": "true"}

    looked = root.submit(f"/admin/roles/{role}", {**sent, "preview": "1"}).text
    before = desk.browser(SELLER).get("/deals").text
    saved = root.submit(f"/admin/roles/{role}", sent)
    after = desk.browser(SELLER).get("/deals").text

    assert "Deals, see: own → all" in looked
    assert "gets: Import files" in looked
    assert "Deals: sees 0, would see 3" in looked
    assert ("Deal 1" in before, saved.status_code, "Deal 1" in after) == (False, 303, True)


def seller_role():
    from kumiko.records.catalogue import catalogue
    from kumiko.records.queries import all_ids

    ids = all_ids(catalogue().get("access.role"))
    return next(one for one in ids if service.get("access.role", one).get("key") == "seller")


def test_a_hidden_field_is_not_there_for_the_role(desk, root):
    with desk.acting():
        role = seller_role()
        made = service.create(
            "deals.deal",
            {"name": "Secret", "amount": {"value": "7654321.00", "currency": "EUR"}, "owner": desk.user_id(SELLER)},
        ).id
    root.submit(f"/admin/roles/{role}/fields/deals", {"field:amount": "hidden", "field:source": "read"})
    wrong = root.submit(f"/admin/roles/{role}/fields/deals", {"field:amount": "sometimes"})

    assert "7,654,321" in root.get(f"/deals/{made}").text
    assert "7,654,321" not in desk.browser(SELLER).get(f"/deals/{made}").text
    assert wrong.status_code == 303
    with desk.acting():
        assert service.get("access.role", role).get("fields") == {"deals.deal": {"amount": "hidden", "source": "read"}}


def test_settings_are_checked_and_count_at_once(desk, root):
    wrong = root.submit("/admin/settings", {"company": "Acme", "currency": "XXQ", "zone": "Nowhere", "language": "en"})
    good = root.submit(
        "/admin/settings", {"company": "Acme", "currency": "usd", "zone": "Asia/Tokyo", "language": "en"}
    )

    assert (wrong.status_code, "is no currency" in wrong.text, "is no time zone" in wrong.text) == (422, True, True)
    assert 'value="Acme"' in wrong.text
    assert (good.status_code, "Acme" in root.get("/").text) == (303, True)
    with desk.acting():
        values = {key: settings.get(f"host.{key}") for key in ("company", "currency", "zone", "language")}
    assert values == {"company": "Acme", "currency": "USD", "zone": "Asia/Tokyo", "language": "en"}


def test_background_work_is_listed_cancelled_and_started_again(desk, root):
    with desk.acting(), transaction():
        job_id = enqueue("access.forget_old", {})

    listed = root.get("/admin/jobs").text
    root.submit(f"/admin/jobs/{job_id}/cancel")
    cancelled = root.get(f"/admin/jobs/{job_id}").text
    root.submit(f"/admin/jobs/{job_id}/retry")
    desk.work_off()

    assert "Forget old sessions" in listed
    assert "cancelled" in cancelled
    assert "done" in root.get(f"/admin/jobs/{job_id}").text
    assert root.get("/admin/jobs/999999").status_code == 404


def test_the_log_tells_who_did_what(desk, root):
    root.submit("/admin/plugins/deals/disable")
    page = root.get("/admin/log?act=plugin.disable").text

    assert "switched off" in page
    assert "Root" in page
    assert "signed in" not in page.partition("<tbody>")[2]


def test_the_page_of_health_finds_nothing_wrong_in_a_good_installation(desk, root):
    page = root.get("/admin/health").text

    assert "All are in their newest form." in page
    assert 'is-dot">wrong' not in page


def test_mail_settings_are_tried_by_a_mail_and_never_show_the_password(desk, root, smtp_server):
    smtp_server.refuse("root@example.com", "550 Not here")
    server = {"way": "server", "host": smtp_server.host, "port": str(smtp_server.port), "security": "none"}
    refused = root.submit("/admin/mail", {**server, "port": "x"})
    assert (refused.status_code, "wanted a whole number from 1 to 65535" in refused.text) == (422, True)
    assert root.submit("/admin/mail", {**server, "sender": "crm@example.com"}).status_code == 303
    assert root.submit("/admin/mail/test").status_code == 303
    assert "Test mail of Kumiko" in root.get("/admin/mail").text
    desk.work_off()
    assert "root@example.com: 550 Not here" in root.get("/admin/mail").text
    smtp_server.refused.clear()
    again = re.search(r'action="(/admin/mail/\d+/again)"', root.get("/admin/mail").text)[1]
    assert root.submit(again).status_code == 303
    desk.work_off()
    assert [(one.sender, one.recipients) for one in smtp_server.messages] == [
        ("crm@example.com", ("root@example.com",))
    ]
    root.submit("/admin/mail", {**server, "user": "ann", "password": "hunter2"})
    page = root.get("/admin/mail").text
    assert ("hunter2" in page, "Kept encrypted." in page) == (False, True)
    with desk.acting():
        assert "hunter2" not in str(settings.section("mailing")) + str([line.details for line in audit.newest()])
