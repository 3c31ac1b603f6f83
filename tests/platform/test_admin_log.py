"""The log narrowed by what, who and when, and as a file; notices by the way that each person chose. Both databases."""

import csv
import io

import admin_lab
import pytest
from access_lab import Browser

from kumiko import send_notice, transaction
from kumiko.access import audit
from kumiko.notify import services as notices
from kumiko.records import service


@pytest.fixture
def desk(clone_database, tmp_path):
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def test_the_log_is_narrowed_by_kind_person_and_days_taken_out_and_shut_for_others(desk):
    root, sal = desk.browser(), desk.browser("sal@example.com")
    stranger = Browser(desk.host, "crm.local")
    for _ in range(7):  # the last two do not get a look
        stranger.sign_in("sal@example.com", "a wrong password")
    page = f"/admin/users/{desk.user_id('sal@example.com')}"
    version = root.get(page).text.partition('name="_version" value="')[2].partition('"')[0]
    form = {"name": "Sal", "email": "sal@example.com", "roles": ["head", "seller"], "_version": version}
    assert root.submit(page, form).status_code == 303

    def rows(query):
        answer = root.get(f"/admin/log.csv?{query}")
        assert (answer.status_code, answer.mimetype) == (200, "text/csv")
        return [(row["act"], row["about"]) for row in csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))]

    failed, locked = ("sign_in.failed", "sal@example.com"), ("sign_in.locked", "sal@example.com")
    assert rows("kind=failures") == [locked, *[failed] * 5]
    assert rows("kind=rights&who=SAL")[0] == ("roles.given", "Sal")
    assert rows("kind=rights&until=2020-01-01") == []
    assert rows("act=log.export")[:3] == [("log.export", "")] * 3
    assert {act for act, _about in rows("kind=sign_ins")} == {"sign_in.ok"}
    shown = root.get("/admin/log?kind=rights&who=sal").text
    assert ("changed the roles of" in shown, "given head" in shown, "by password" in shown) == (True, True, False)
    assert [sal.get(path).status_code for path in ("/admin/log", "/admin/log.csv")] == [403, 403]
    with desk.acting("sal@example.com"), pytest.raises(Exception, match="does not allow you to read the log"):
        list(audit.every(audit.Wish()))
    with desk.acting():
        key = service.create("access.role", {"name": "Trainee", "kind": "seller"}).id
        service.update("access.role", key, {"permissions": {"tokens.make": False}})
    assert rows("act=role.changed&who=trainee") == [("role.changed", "Trainee")] * 2


def test_each_kind_of_notice_goes_the_way_that_its_reader_chose(desk):
    sal = desk.browser("sal@example.com")
    page = sal.get("/profile").text
    assert ("Somebody mentions you" in page, 'name="way.deals"' in page) == (True, True)
    ways = {"way.deals": "none", "way.mention": "mail", "way.safety": "bell"}
    assert sal.submit("/profile/notices", ways).status_code == 303
    assert sal.submit("/profile/notices", {"way.safety": "none"}).status_code == 422
    me, other = desk.user_id("sal@example.com"), desk.user_id("hedy@example.com")
    with desk.acting(), transaction():
        for user_id in (me, other):
            send_notice(user_id, "Quiet", key="deals.stale:1")
            send_notice(user_id, "Named", key="deals.mention:1")
            send_notice(user_id, "Else", key="tasks.remind:1")
    desk.work_off()

    with desk.acting("sal@example.com"):
        mine = notices.own_notices()
        mailed = notices.deliveries.by_mail([one.id for one in mine])
    assert [(one.text, one.id in mailed) for one in mine] == [("Else", False), ("Named", True)]
    with desk.acting("hedy@example.com"):
        assert [one.text for one in notices.own_notices()] == ["Else", "Named", "Quiet"]
