"""Notices by mail: once, after the transaction, with a log for their reader; news of an open page; standing still."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import admin_lab
import pytest
import sqlalchemy as sa
from web_lab import text_of

from kumiko import create, enqueue, notify_people, send_notice, transaction
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.scoping import trusted
from kumiko.jobs import alive
from kumiko.jobs.models import beat_table
from kumiko.notify.models import deliveries
from kumiko_testing.ports import free_port
from kumiko_testing.queries import counted


@pytest.fixture
def desk(clone_database, tmp_path):
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def choose(desk, email, tick):
    """Tick, or untick, the box of the profile page."""
    browser = desk.browser(email)
    ticked = ["false", "true"] if tick else ["false"]
    answer = browser.submit("/profile", {"name": email.partition("@")[0].title(), "notices_by_mail": ticked})
    assert answer.status_code == 303
    return browser


def mails(tmp_path):
    found = [message_from_bytes(one.read_bytes(), policy=default) for one in sorted(tmp_path.glob("mail/*"))]
    return [(one["To"], one["Subject"], one.get_content().strip().splitlines()) for one in found]


def test_each_notice_is_mailed_once_to_those_who_chose_it_and_the_log_tells(desk, tmp_path):
    sal = choose(desk, "sal@example.com", True)
    people = [desk.user_id(email) for email in ("sal@example.com", "hedy@example.com")]
    with desk.acting():
        with pytest.raises(ZeroDivisionError), transaction():
            notify_people(people, "Never happened", key="call:1")
            raise ZeroDivisionError
        for _ in range(2):
            with transaction():
                notify_people([*people, people[0]], "Call Ada Archer\nat 09:00", href="/persons", key="call:1")
    assert "mail waits to be sent" in text_of(sal.get("/notices"))
    with desk.acting(), transaction():  # a worker that dies after its commit, and is believed lost
        (number,) = trusted(sa.select(deliveries.c.notice_id)).scalars()
        enqueue("notify.mail", {"notice": number})
    desk.work_off()
    desk.work_off()
    assert mails(tmp_path) == [
        ("sal@example.com", "Kumiko: Call Ada Archer", [
            "Call Ada Archer", "at 09:00", "", "http://crm.local/persons", "",
            "You get this mail because your profile says so: http://crm.local/profile",
        ])
    ]  # fmt: skip
    page = text_of(sal.get("/notices"))
    assert page.count("Call Ada Archer") == page.count("sent by mail") == 1
    other = text_of(desk.browser("hedy@example.com").get("/notices"))
    assert [other.count(words) for words in ("Call Ada Archer", "by mail ", "mail waits")] == [1, 0, 0]
    choose(desk, "sal@example.com", False)
    with desk.acting(), transaction():
        send_notice(people[0], "Only under the bell")
    desk.work_off()
    assert len(mails(tmp_path)) == 1


def test_what_one_may_not_see_is_not_mailed_and_a_server_that_is_away_is_named(desk, tmp_path):
    choose(desk, "sal@example.com", True)
    with desk.acting(), transaction():
        settings.put({"mailing.way": "server", "mailing.host": "127.0.0.1", "mailing.port": free_port(),
                      "mailing.security": "none"})  # fmt: skip
        secret = create("parties.person", {"name": "Secret Contact"})
        user = desk.user_id("sal@example.com")
        send_notice(
            user, "Secret Contact", href=f"/persons/{secret.id}", type_key="parties.person", record_id=secret.id
        )
        send_notice(user, "Anybody may read this")
    desk.work_off()
    page = text_of(desk.browser("sal@example.com").get("/notices"))
    assert "no mail: About something that you may not see, or that is gone." in page
    assert "Secret" not in page
    assert "mail waits to be sent: " in page
    assert mails(tmp_path) == []


def test_an_open_page_hears_of_news_with_one_statement_and_changes_nothing(desk):
    sal = desk.browser("sal@example.com")
    before = sal.get("/live").json
    with desk.acting(), transaction():
        for number in range(5):
            send_notice(desk.user_id("sal@example.com"), f"News {number}", href="/persons")
    with counted() as statements:
        now = sal.get("/live").json
    assert (before["unread"], now["unread"]) == (0, 5)
    assert now["notice"] > before["notice"]
    assert len(statements) == 2  # who asks, and what is new
    assert {one.split()[0] for one in statements} <= {"SELECT"}
    news = sal.get(f"/notices/news?after={before['notice']}").json["notices"]
    assert [(one["text"], one["href"]) for one in news] == [(f"News {number}", "/persons") for number in (2, 3, 4)]
    assert sal.get(f"/notices/news?after={now['notice']}").json == {"notices": []}
    assert sal.get("/notices/news?after=x").status_code == 200


def test_pages_say_since_when_background_work_stands_still(desk, monkeypatch):
    monkeypatch.setattr(alive, "_is_worker", False)
    sal, root = desk.browser("sal@example.com"), desk.browser()
    waiting = "Reminders, mails and all other background work wait; nothing is lost."
    assert f"The scheduler has not run yet. {waiting} Tell an administrator." in text_of(sal.get("/notices"))
    alive.beat(desk.database)  # a web process is no worker
    assert "The scheduler has not run yet." in text_of(root.get("/admin/jobs"))
    alive.begin(desk.database)
    assert [waiting in text_of(who.get(path)) for who, path in ((sal, "/notices"), (root, "/admin/jobs"))] == [
        False
    ] * 2
    with desk.database.engine.begin() as connection:
        connection.execute(sa.update(beat_table).values(seen_at=utc_now() - timedelta(minutes=3)))
    for path in ("/notices", "/admin/jobs"):
        page = text_of(root.get(path))
        assert re.search(r"The scheduler has not run since .*\d:\d\d", page), path
        assert "Start `kumiko serve` again, or `kumiko worker` beside it." in page
    assert "The scheduler has not run since" in text_of(root.get("/admin/health"))
    alive.beat(desk.database)
    assert "The scheduler" not in text_of(sal.get("/notices"))
