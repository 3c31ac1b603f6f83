"""What stands before every view: forged requests, strangers, headers, looking as somebody else. On both databases."""

import access_lab
import pytest
from access_lab import Lab, token_in

from kumiko.access import accounts, forgery
from kumiko.access.principals import principal_for_session
from kumiko.host.errors import Forbidden
from kumiko.records import service

FORGED = "This page is too old, or Kumiko did not make it; nothing was changed. Reload it and try again."
ELSEWHERE = "Another site sent this request; nothing was changed. Do it from a page of Kumiko itself."


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("access", access_lab.build), tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    """The administrator's browser and a token of one of its pages."""
    browser = lab.browser()
    browser.sign_in("root@example.com")
    browser.token = token_in(browser.get("/set-password/unknown"))
    return browser


# ------------------------------------------------------------------------------------------------ forged requests


def test_a_form_without_token_is_refused_and_changes_nothing(lab, root):
    answer = root.post(f"/view-as/{lab.user_id('sam@example.com')}")

    assert answer.status_code == 403
    assert FORGED in answer.text
    assert "view_as.start" not in [act for act, _, _ in lab.acts()]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "http://crm.local"}, 303),
        ({"Sec_Fetch_Site": "none"}, 303),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://crm.local:8000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_what_the_browser_says_about_the_sender_counts_only_when_it_says_something(lab, root, headers, status):
    answer = root.post(f"/view-as/{lab.user_id('sam@example.com')}", {"_csrf": root.token}, **headers)

    assert answer.status_code == status
    assert (ELSEWHERE in answer.text) == (status == 403)


def test_the_token_may_come_as_header(lab, root):
    assert root.post(f"/view-as/{lab.user_id('sam@example.com')}", X_CSRF_Token=root.token).status_code == 303


def test_a_token_of_another_session_is_refused(lab, root):
    other = lab.browser()
    other.sign_in("root@example.com")

    assert other.post("/sign-out", {"_csrf": root.token}).status_code == 403
    assert other.get("/sign-in").status_code == 303, "still signed in"


def test_sign_in_itself_cannot_be_forged(lab):
    browser = lab.browser()
    fields = {"email": "root@example.com", "password": access_lab.PASSWORD}

    assert browser.post("/sign-in", fields).status_code == 403
    assert browser.post("/sign-in", {**fields, "_csrf": lab.browser().token_of_page()}).status_code == 403


def test_a_request_with_an_access_token_needs_no_form_token_and_sets_no_cookie_of_a_session(lab):
    browser = lab.browser()

    answer = browser.post("/api/v1/nothing", Authorization=f"Bearer {lab.token('root@example.com')}")

    assert answer.status_code == 404, "past the gate, where nothing answers"
    assert [one for one in ("km_session", "km_before") if one in str(answer.headers)] == []


def test_a_cookie_with_a_made_up_bearer_is_nobody(lab, root):
    before = root.post("/api/v1/nothing")
    answer = root.post("/api/v1/nothing", Authorization="Bearer made-up")
    page = root.post("/sign-out", Authorization="Bearer made-up")

    assert (before.status_code, answer.status_code, page.status_code) == (403, 401, 403)
    assert answer.json["type"] == "/problems/not-signed-in"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_tokens_differ_from_page_to_page_and_all_of_them_work(lab, root):
    tokens = {token_in(root.get("/set-password/unknown")) for _ in range(3)}

    assert len(tokens) == 3
    for one in tokens:
        assert root.post("/view-as/stop", {"_csrf": one}).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "ä", "A" * 64, "A" * 4000])
def test_a_made_up_token_is_wrong(token):
    assert forgery.token_is_right("secret", "session:a", token) is False
    assert forgery.token_is_right("secret", "", forgery.make_token("secret", "")) is False


# --------------------------------------------------------------------------------------------------------- gate


def test_strangers_are_led_to_sign_in_and_back(lab):
    browser = lab.browser()

    assert browser.get("/deals?sort=name").headers["Location"] == "/sign-in?next=/deals%3Fsort%3Dname"
    assert browser.get("/").headers["Location"] == "/sign-in"
    htmx = browser.get("/deals/5", HX_Request="true", HX_Current_URL="http://crm.local/deals?x=1")
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (401, "/sign-in?next=/deals%3Fx%3D1")
    api = browser.get("/api/v1/deals")
    assert (api.status_code, api.mimetype) == (401, "application/problem+json")
    assert api.json["detail"] == "Send an access token: Authorization: Bearer TOKEN. Make one in your profile."


def test_a_disabled_user_is_out_at_the_next_request(lab):
    browser, token = lab.browser(), lab.token("sam@example.com")
    browser.sign_in("sam@example.com")
    asked = {"Authorization": f"Bearer {token}"}
    assert (browser.get("/sign-in").status_code, browser.get("/api/v1/nothing", **asked).status_code) == (303, 404)

    with lab.acting():
        service.update("access.user", accounts.get_user_id("sam@example.com"), {"active": False})

    assert (browser.get("/sign-in").status_code, browser.get("/api/v1/nothing", **asked).status_code) == (200, 401)


def test_a_reading_token_reads_only(lab):
    asked = {"Authorization": f"Bearer {lab.token('root@example.com', read_only=True)}"}
    browser = lab.browser()

    answer = browser.post("/api/v1/nothing", **asked)

    assert browser.get("/api/v1/nothing", **asked).status_code == 404
    assert (answer.status_code, answer.json["detail"]) == (403, "This access token may only read.")


def test_looking_as_a_seller_shows_his_view_and_changes_nothing(lab, root):
    sam = lab.user_id("sam@example.com")

    assert root.post(f"/view-as/{sam}", {"_csrf": root.token}).status_code == 303

    refused = root.post(f"/view-as/{sam}", {"_csrf": root.token})
    assert refused.status_code == 403
    assert "You are looking through the eyes of Sam; nothing can be changed." in refused.text
    with lab.acting() as context:
        found = principal_for_session(root.cookie())
        assert found is not None
        seen = found.principal
        assert (seen.name, seen.roles, seen.read_only, found.viewer_name) == ("Sam", ("seller",), True, "Root")
        context.as_principal(seen)
        with pytest.raises(Forbidden):
            service.create("sample.thing", {"name": "A"})
        with pytest.raises(Forbidden):
            accounts.make_token(sam)
    assert root.post("/view-as/stop", {"_csrf": root.token}).status_code == 303
    assert root.post(f"/view-as/{sam}", {"_csrf": root.token}).status_code == 303
    assert [one for one in lab.acts() if one[0].startswith("view_as")] == [
        ("view_as.start", "Root", "Sam"),
        ("view_as.stop", "Root", "Sam"),
        ("view_as.start", "Root", "Sam"),
    ]


def test_signing_out_works_while_looking_as_somebody_else(lab, root):
    root.post(f"/view-as/{lab.user_id('sam@example.com')}", {"_csrf": root.token})

    assert root.post("/sign-out", {"_csrf": root.token}).status_code == 303
    assert root.get("/sign-in").status_code == 200


def test_a_seller_cannot_look_as_others(lab):
    browser = lab.browser()
    browser.sign_in("sam@example.com")
    token = token_in(browser.get("/set-password/unknown"))

    answer = browser.post(f"/view-as/{lab.user_id('root@example.com')}", {"_csrf": token})

    assert answer.status_code == 403
    assert "Your role does not allow you to look through another person&#39;s eyes." in answer.text


# ------------------------------------------------------------------------------------------------------ headers


def test_a_page_has_a_strict_policy_with_a_nonce_of_its_own(lab):
    first, second = lab.browser().get("/sign-in"), lab.browser().get("/sign-in")

    policy = first.headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert policy == (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'; report-uri /csp-report"
    )
    assert f'nonce="{nonce}"' in first.text
    assert first.headers["Content-Security-Policy"] != second.headers["Content-Security-Policy"]
    rest = {name: first.headers.get(name) for name in ("X-Content-Type-Options", "Referrer-Policy", "Cache-Control")}
    assert rest == {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
    here = lab.browser("127.0.0.1:8000").get("/sign-in")
    opener = [answer.headers.get("Cross-Origin-Opener-Policy") for answer in (first, here)]
    assert opener == [None, "same-origin"], "browsers complain about it over http from elsewhere"
    assert "geolocation=()" in first.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in first.headers


def test_an_answer_for_programs_and_an_error_have_headers_too(lab):
    answer = lab.browser().get("/api/v1/nothing")

    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_behind_https_cookies_are_secure_and_the_browser_is_told_to_stay(clone_database, tmp_path):
    lab = Lab(clone_database("access", access_lab.build), tmp_path, base_url="https://crm.local")
    browser = lab.browser()
    page = browser.get("/sign-in")
    fields = {"email": "root@example.com", "password": access_lab.PASSWORD, "_csrf": token_in(page)}
    before = next(one for one in page.headers.getlist("Set-Cookie") if one.startswith("km_before="))

    answer = browser.client.post("/sign-in", data=fields, base_url="https://crm.local", headers={"Cookie": before})

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Secure" in next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("km_session="))
    lab.database.close()


def test_browsers_report_what_the_policy_stopped_without_a_token(lab, caplog):
    answer = lab.browser().post("/csp-report", {"x": "y" * 10_000})

    assert answer.status_code == 204
    assert len(caplog.records[-1].getMessage()) < 5000
