"""Signing in and out: passwords, one-time links, throttling, sessions. On both databases, over the WSGI border."""

from datetime import timedelta

import access_lab
import pytest
from access_lab import PASSWORD, Lab
from sqlalchemy import select, update

from kumiko.access import accounts, links, passwords, seen, sessions, signin, throttle, tokens
from kumiko.access.models import Credential, Session, Token, table
from kumiko.host.columns import utc_now
from kumiko.host.errors import Invalid, TooMany
from kumiko.host.scoping import trusted


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("access", access_lab.build), tmp_path)
    yield made
    made.database.close()


def test_a_right_password_opens_a_session_and_leads_to_the_wanted_page(lab):
    browser = lab.browser()

    answer = browser.sign_in(" Root@Example.com", next="/deals?sort=name")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/deals?sort=name")
    cookie = answer.headers.getlist("Set-Cookie")
    session = next(one for one in cookie if one.startswith("km_session="))
    assert {part.strip() for part in session.split(";")} >= {"HttpOnly", "SameSite=Lax", "Path=/"}
    assert "Secure" not in session
    assert browser.get("/sign-in").headers["Location"] == "/"
    assert lab.acts()[-1] == ("sign_in.ok", "Root", "Root")


def test_a_wrong_password_and_an_unknown_account_read_the_same(lab):
    known, unknown = lab.browser().sign_in("root@example.com", "wrong password"), lab.browser().sign_in("x@example.com")

    assert known.status_code == unknown.status_code == 422
    sentence = "E-mail address and password do not belong together. Check both and try again."
    assert (sentence in known.text, sentence in unknown.text) == (True, True)
    assert [act for act, _, _ in lab.acts()][-2:] == ["sign_in.failed", "sign_in.failed"]


def test_only_active_users_with_an_address_sign_in(lab):
    browser = lab.browser()
    assert browser.sign_in("").status_code == 422
    with lab.acting():
        accounts.disable(accounts.get_user_id("sam@example.com"))

    assert browser.sign_in("sam@example.com").status_code == 422


def test_the_sixth_attempt_waits_even_with_the_right_password_and_says_how_long(lab):
    browser = lab.browser()
    answers = [browser.sign_in("sam@example.com", "wrong password").status_code for _ in range(5)]

    answer = browser.sign_in("sam@example.com")

    assert answers == [422] * 5
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert "Too many failed attempts for this account. Try again in" in answer.text
    assert lab.browser().sign_in("root@example.com").status_code == 303, "others are not held up"


def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(lab):
    at, waits = utc_now(), []
    with lab.acting():
        for _ in range(12):
            throttle.count_attempt("sam@example.com", "", now=at)
            try:
                throttle.count_attempt("sam@example.com", "", now=at)
            except TooMany as refusal:
                waits.append(refusal.retry_after_s)
                at += timedelta(seconds=refusal.retry_after_s)
    assert waits[:8] == [30, 60, 120, 240, 480, 900, 900, 900]


def test_an_address_that_tries_many_accounts_waits_too(lab):
    with lab.acting():
        for number in range(30):
            throttle.count_attempt(f"user{number}@example.com", "203.0.113.9")
        with pytest.raises(TooMany, match="from your network"):
            throttle.count_attempt("other@example.com", "203.0.113.9")
        throttle.count_attempt("other@example.com", "203.0.113.10")


def test_a_success_forgets_the_failures_before_it(lab):
    browser = lab.browser()
    for _ in range(2):
        for _ in range(4):
            assert browser.sign_in("sam@example.com", "wrong password").status_code == 422
        assert lab.browser().sign_in("sam@example.com").status_code == 303


def test_sign_in_makes_a_fresh_session_whatever_cookie_the_browser_sent(lab):
    attacker, victim = lab.browser(), lab.browser()
    attacker.sign_in("sam@example.com")
    planted = attacker.cookie()
    page_token = victim.token_of_page()
    victim.set_cookie("km_session", planted)

    answer = victim.post("/sign-in", {"email": "root@example.com", "password": PASSWORD, "_csrf": page_token})

    assert answer.status_code == 403, "the page was made for another session"
    fresh = lab.browser()
    fresh.set_cookie("km_session", "planted-by-somebody-else")
    assert fresh.sign_in("root@example.com").status_code == 303
    assert fresh.cookie() not in ("planted-by-somebody-else", planted, "")


def test_signing_in_again_ends_the_session_before(lab):
    with lab.acting():
        user_id = accounts.get_user_id("sam@example.com")
        first = signin.sign_in("sam@example.com", PASSWORD, signin.Browser())
        signin.sign_in("sam@example.com", PASSWORD, signin.Browser(cookie=first.cookie))
        assert len(sessions.list_open(user_id)) == 1


def test_only_hashes_are_stored(lab):
    browser = lab.browser()
    browser.sign_in("root@example.com")
    token = lab.token("root@example.com")
    with lab.acting():
        stored = [
            *trusted(select(table(Session).c.token_hash)).scalars(),
            *trusted(select(table(Token).c.token_hash)).scalars(),
            *trusted(select(table(Credential).c.hash)).scalars(),
        ]
    assert not [one for one in stored if one in (browser.cookie(), token, PASSWORD)]
    assert all(one.startswith("$argon2id$") for one in stored[2:])


def test_a_one_time_link_lets_in_once(lab):
    with lab.acting():
        path = links.make(accounts.get_user_id("root@example.com"), links.SIGN_IN)
    browser = lab.browser()
    assert browser.head(path).status_code == 204, "a preview uses nothing up"

    first, second = browser.get(path), lab.browser().get(path)

    assert (first.status_code, first.headers["Location"]) == (303, "/")
    assert browser.get("/sign-in").status_code == 303
    assert second.status_code == 404
    assert "This link was used already or is too old; ask for a new one." in second.text


def test_a_one_time_link_is_over_after_a_quarter_of_an_hour_and_when_a_newer_one_is_made(lab):
    with lab.acting():
        user_id = accounts.get_user_id("root@example.com")
        older, newer = (links.make(user_id, links.SIGN_IN).rpartition("/")[2] for _ in range(2))
        assert links.find_holder(older, links.SIGN_IN) is None
        assert links.find_holder(newer, links.SIGN_IN, now=utc_now() + timedelta(minutes=14)) is not None
        assert links.find_holder(newer, links.SIGN_IN, now=utc_now() + timedelta(minutes=16)) is None
        assert links.find_holder(newer, links.PASSWORD) is None, "a link is for one purpose"


def test_a_password_link_sets_a_password_once_and_ends_other_sessions(lab):
    before = lab.browser()
    before.sign_in("sam@example.com")
    with lab.acting():
        path = accounts.password_link("sam@example.com")
    browser = lab.browser()
    page = browser.get(path)
    assert "sam@example.com" in page.text

    short = browser.post(path, {"password": "short", "again": "short", "_csrf": access_lab.token_in(page)})
    done = browser.post(
        path, {"password": "new words here", "again": "new words here", "_csrf": access_lab.token_in(page)}
    )

    assert (short.status_code, "wanted at least 10" in short.text) == (422, True)
    assert done.status_code == 303
    assert browser.get("/sign-in").status_code == 303
    assert before.get("/sign-in").status_code == 200, "the old session is over"
    assert lab.browser().get(path).status_code == 404
    assert lab.browser().sign_in("sam@example.com", "new words here").status_code == 303


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "The password has 5 characters; wanted at least 10."),
        ("x" * 201, "The password has 201 characters; at most 200 fit."),
        ("Password123", "This password is among the first that anybody tries; choose another one."),
        ("aaaaaaaaaaaa", "This password is among the first that anybody tries; choose another one."),
        ("sam@EXAMPLE.com", "The password is your name or e-mail address; choose something only you know."),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password, sentence):
    assert passwords.refusals(password, email="sam@example.com", name="Sam") == [sentence]


def test_changing_the_password_needs_the_present_one_and_ends_the_other_sessions(lab):
    one, other = lab.browser(), lab.browser()
    one.sign_in("sam@example.com")
    other.sign_in("sam@example.com")
    with lab.acting("sam@example.com") as context:
        mine = sessions.list_open(context.principal.user_id)[0].id
        with pytest.raises(Invalid) as refusal:
            signin.change_password("wrong", "new words here", "new words here", session_id=mine)
        assert refusal.value.errors == {"current": ["This is not your present password."]}
        signin.change_password(PASSWORD, "new words here", "new words here", session_id=mine)
        assert [one.id for one in sessions.list_open(context.principal.user_id)] == [mine]


def test_signing_out_ends_the_session_on_the_server(lab):
    browser = lab.browser()
    browser.sign_in("sam@example.com")
    kept = browser.cookie()

    answer = browser.post("/sign-out", {"_csrf": access_lab.token_in(_refused(browser))})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?out=1")
    browser.set_cookie("km_session", kept)
    assert browser.get("/sign-in").status_code == 200


def _refused(browser):
    """A page of a signed-in person that carries a token: a used link."""
    return browser.get("/set-password/unknown")


def test_a_session_ends_after_a_week_without_use_and_after_thirty_days_in_any_case(lab):
    browser = lab.browser()
    browser.sign_in("sam@example.com")
    for column, value in (("seen_at", utc_now() - timedelta(days=8)), ("expires_at", utc_now() - timedelta(seconds=1))):
        assert browser.get("/sign-in").status_code == 303
        with lab.database.engine.begin() as connection:
            kept = connection.execute(select(table(Session).c[column])).scalar()
            connection.execute(update(table(Session)).values({column: value}))
        assert browser.get("/sign-in").status_code == 200, column
        with lab.database.engine.begin() as connection:
            connection.execute(update(table(Session)).values({column: kept}))


def test_the_last_use_is_written_down_later_not_by_the_reading_request(lab):
    browser, token = lab.browser(), lab.token("sam@example.com")
    browser.sign_in("sam@example.com")
    with lab.database.engine.begin() as connection:
        connection.execute(update(table(Session)).values(seen_at=utc_now() - timedelta(days=1)))
    with access_lab.statements() as sent:
        browser.get("/sign-in")
        browser.get("/api/v1/nothing", Authorization=f"Bearer {token}")
    assert not [one for one in sent if not one.startswith("SELECT")]

    seen.seen(lab.database).flush()

    with lab.acting():
        user_id = accounts.get_user_id("sam@example.com")
        assert utc_now() - sessions.list_open(user_id)[0].seen_at < timedelta(minutes=1)
        assert utc_now() - tokens.list_of(user_id)[0].used_at < timedelta(minutes=1)


def test_people_see_and_end_their_own_sessions_only(lab):
    lab.browser().sign_in("sam@example.com")
    lab.browser().sign_in("root@example.com")
    with lab.acting():
        sam, root = accounts.get_user_id("sam@example.com"), accounts.get_user_id("root@example.com")
        of_root = sessions.list_open(root)[0].id
        assert sessions.end(of_root, user_id=sam) is False
        assert sessions.end(of_root, user_id=root) is True
        assert [len(sessions.list_open(one)) for one in (sam, root)] == [1, 0]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/\tx", "evil", "/sign-out", "javascript:1"],
)
def test_only_pages_of_this_server_follow_a_sign_in(lab, wanted):
    assert lab.browser().sign_in("root@example.com", next=wanted).headers["Location"] == "/"
