"""Invitations, resets, second factors, the company's sign-in provider, rules of sessions. On both databases."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import parse_qs, urlsplit

import admin_lab
import pytest
from access_lab import PASSWORD, Browser, token_in
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import select, update

from kumiko.access import accounts, factors, passwords
from kumiko.access.models import Identity, OneTimeLink, RecoveryCode, SecondFactor, Session, User, table
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import transaction
from kumiko.host.errors import Forbidden
from kumiko.host.scoping import trusted
from kumiko.notify import services as notices
from kumiko.secrets import unseal
from kumiko_testing.oidc import running_provider


@pytest.fixture
def desk(clone_database, tmp_path):
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def stranger(desk):
    return Browser(desk.host, "crm.local")


def mails(tmp_path):
    found = [message_from_bytes(one.read_bytes(), policy=default) for one in sorted(tmp_path.glob("mail/*"))]
    return [(one["To"], one.get_content()) for one in found]


def link_in(text):
    return urlsplit(re.search(r"http://\S+/set-password/\S+", text)[0]).path


def acts(desk, *names):
    from kumiko.access import audit

    with desk.acting():
        return [row.act for row in reversed(audit.newest()) if not names or row.act in names]


def code_of(desk, email, *, steps=0):
    """The code that the app of this person shows, now or some steps later."""
    with desk.acting():
        secret = unseal(trusted(select(table(SecondFactor).c.secret).where(
            table(SecondFactor).c.user_id == accounts.get_user_id(email))).scalar_one())  # fmt: skip
    from base64 import b32decode

    return TOTP(b32decode(secret), 6, SHA1(), 30).generate(int(utc_now().timestamp()) + 30 * steps).decode()


def free_steps(desk):
    """As if half a minute had passed: the code shown now may be used once more."""
    with desk.acting(), transaction():
        trusted(update(table(SecondFactor)).values(last_step=0))


def test_an_invitation_goes_by_mail_once_there_is_a_server_and_else_its_link_is_shown(desk, tmp_path, smtp_server):
    root = desk.browser()
    shown = root.submit("/admin/users", {"name": "Nina", "email": "nina@example.com", "roles": "seller"})
    assert shown.status_code == 200
    assert "http://crm.local/set-password/" in shown.text
    with desk.acting(), transaction():
        settings.put({"mailing.way": "server", "mailing.host": smtp_server.host, "mailing.port": smtp_server.port,
                      "mailing.security": "none"})  # fmt: skip

    answer = root.submit("/admin/users", {"name": "Otto", "email": "otto@example.com", "roles": "seller"})
    desk.work_off()

    assert answer.status_code == 303
    message = smtp_server.wait_for(1)[0].message
    assert (message["To"], message["Subject"]) == ("otto@example.com", "Your invitation to Kumiko")
    path = link_in(message.get_content())
    browser = stranger(desk)
    page = browser.get(path)
    done = browser.post(path, {"_csrf": token_in(page), "password": "seven green hills", "again": "seven green hills"})
    assert (done.status_code, browser.get("/profile").status_code) == (303, 200)
    assert stranger(desk).get(path).status_code == 404, "it works once"
    assert acts(desk, "link.made", "invitation.sent") == ["link.made", "invitation.sent"]


def test_a_forgotten_password_is_set_by_mail_and_nobody_learns_who_has_an_account(desk, tmp_path):
    sal, browser = desk.browser("sal@example.com"), stranger(desk)
    said = []
    for email in ("sal@example.com", "nobody@example.com"):
        page = browser.get("/sign-in")
        answer = browser.post("/forgot-password", {"_csrf": token_in(page), "email": email})
        said.append((answer.status_code, re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.text).replace(email, "X")))
    desk.work_off()

    assert said[0][0] == said[1][0] == 200
    assert re.sub(r"content=\"[^\"]*\"", "", said[0][1]) == re.sub(r"content=\"[^\"]*\"", "", said[1][1])
    ((to, text),) = mails(tmp_path)
    path = link_in(text)
    with desk.acting():
        stored = trusted(select(table(OneTimeLink).c.token_hash)).scalars().all()
    assert (to, any(path.rpartition("/")[2] in one for one in stored)) == ("sal@example.com", False)
    page = browser.get(path)
    easy = browser.post(path, {"_csrf": token_in(page), "password": "password1234", "again": "password1234"})
    assert (easy.status_code, "first that anybody tries" in easy.text) == (422, True)
    new = {"_csrf": token_in(page), "password": "nine blue lakes", "again": "nine blue lakes"}
    assert browser.post(path, new).status_code == 303
    assert sal.get("/profile").status_code == 303, "sessions of before have ended"
    assert stranger(desk).post(path, {**new, "_csrf": ""}).status_code == 403
    assert stranger(desk).sign_in("sal@example.com", "nine blue lakes").status_code == 303
    answers = [browser.post("/forgot-password", {"_csrf": token_in(browser.get("/profile")), "email": "a@b.example"})
               for _ in range(6)]  # fmt: skip
    assert [one.status_code for one in answers] == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("password", "accepted"),
    [("password123", False), ("Qwertyuiop1", False), ("1q2w3e4r5t6y", False), ("sal.seller99", False),
     ("iloveyou2026", False), ("three blue rivers", True), ("correct horse battery", True)],
)  # fmt: skip
def test_passwords_that_are_tried_first_are_refused(password, accepted):
    refused = passwords.refusals(password, email="sal.seller@example.com", name="Sal Seller")
    assert (not refused) == accepted, refused


def test_a_code_is_asked_after_the_password_opens_once_and_recovery_codes_replace_it(desk):
    sal = desk.browser("sal@example.com")
    page = sal.get("/profile/second-factor")
    assert "data:image/svg+xml" in page.text
    wrong = sal.submit("/profile/second-factor", {"code": "000000"})
    first_code = code_of(desk, "sal@example.com")
    on = sal.submit("/profile/second-factor", {"code": first_code})
    codes = re.findall(r"^(?:.*>)?(\w{4}-\w{4}-\w{4})$", on.text, re.M)
    with desk.acting():
        kept = trusted(select(table(SecondFactor).c.secret)).scalar_one()
        hashes = set(trusted(select(table(RecoveryCode).c.code_hash)).scalars())
    assert (wrong.status_code, on.status_code, len(set(codes)), len(hashes)) == (422, 200, 10, 10)
    assert (kept.startswith("sealed:"), hashes & set(codes)) == (True, set())

    browser = stranger(desk)
    first = browser.sign_in("sal@example.com", next="/deals")
    assert (first.status_code, "Code from your authenticator" in first.text) == (200, True)
    assert browser.get("/profile").status_code == 303, "half a sign-in opens nothing"
    half = re.search(r'name="half" value="([^"]+)"', first.text)[1]

    def say(code):
        return browser.post("/sign-in/code", {"_csrf": token_in(first), "half": half, "next": "/deals", "code": code})

    assert say(first_code).status_code == 422, "a code opens once"
    free_steps(desk)
    done = say(code_of(desk, "sal@example.com"))
    assert (done.status_code, done.headers["Location"], browser.get("/profile").status_code) == (303, "/deals", 200)
    assert say(code_of(desk, "sal@example.com", steps=1)).status_code == 403, "the token was a stranger's"

    other = stranger(desk)
    again = other.sign_in("sal@example.com")
    token, half = token_in(again), re.search(r'name="half" value="([^"]+)"', again.text)[1]
    sent = {"_csrf": token, "half": half, "code": codes[3].upper()}
    assert other.post("/sign-in/code", sent).status_code == 303
    third = stranger(desk)
    again = third.sign_in("sal@example.com")
    half = re.search(r'name="half" value="([^"]+)"', again.text)[1]
    tries = [third.post("/sign-in/code", {"_csrf": token_in(again), "half": half, "code": codes[3]}).status_code
             for _ in range(6)]  # fmt: skip
    assert tries == [422] * 5 + [429], "a recovery code works once, and guesses are counted"
    with desk.acting("hedy@example.com"), pytest.raises(Forbidden):
        factors.reset(desk.user_id("sal@example.com"))
    assert (
        desk.browser().submit(f"/admin/users/{desk.user_id('sal@example.com')}/second-factor/reset").status_code == 303
    )
    assert stranger(desk).sign_in("sal@example.com").status_code == 303
    assert acts(desk, "second_factor.on", "second_factor.recovered", "second_factor.reset") == [
        "second_factor.on", "second_factor.recovered", "second_factor.reset",
    ]  # fmt: skip


def test_a_required_second_factor_is_set_up_at_the_next_sign_in_before_anything_else(desk):
    before, root = desk.browser("sal@example.com"), desk.browser()
    rules = {"idle_hours": "12", "lifetime_days": "7", "second_factor": "roles", "second_factor_roles": ["seller"],
             "reset_by_mail": "true"}  # fmt: skip
    refused = root.submit("/admin/sign-in", {**rules, "idle_hours": "0", "second_factor_roles": []})
    saved = root.submit("/admin/sign-in", rules)
    assert (refused.status_code, saved.status_code) == (422, 303)

    assert before.get("/profile").status_code == 200, "sessions of before go on"
    now = desk.browser("sal@example.com")
    assert now.get("/deals").headers["Location"] == "/profile/second-factor"
    assert now.get("/api/v1/deals").status_code == 403
    assert now.post("/deals", {}).status_code == 403
    assert "Your company asks for a second factor" in now.get("/profile/second-factor").text
    page = now.get("/profile/second-factor")
    on = now.post("/profile/second-factor", {"_csrf": token_in(page), "code": code_of(desk, "sal@example.com")})
    assert (on.status_code, now.get("/deals").status_code) == (200, 200)
    assert desk.browser("hedy@example.com").get("/deals").status_code == 200, "heads are not asked"


def test_sessions_end_when_unused_when_old_and_at_a_click(desk):
    one, two, three = (desk.browser("sal@example.com") for _ in range(3))
    session = table(Session)
    with desk.acting(), transaction():
        settings.put({"access.idle_hours": 2, "access.lifetime_days": 3})
        ids = trusted(select(session.c.id).order_by(session.c.id)).scalars().all()
        old = utc_now() - timedelta(hours=3)
        trusted(update(session).where(session.c.id == ids[0]).values(seen_at=old))
        trusted(update(session).where(session.c.id == ids[1]).values(created_at=utc_now() - timedelta(days=4)))
    assert [who.get("/profile").status_code for who in (one, two, three)] == [303, 303, 200]
    four = desk.browser("sal@example.com")
    text = three.get("/profile").text
    assert ("Sign out everywhere else" in text, text.count(", last used")) == (True, 2)

    assert three.submit("/profile/sessions/end-others").status_code == 303

    assert [who.get("/profile").status_code for who in (three, four)] == [200, 303]


def test_a_sign_in_from_a_browser_never_used_before_is_told(desk):
    first = desk.browser("sal@example.com")
    first.submit("/sign-out")
    first.token = ""
    assert first.sign_in("sal@example.com").status_code == 303
    desk.browser("sal@example.com")
    with desk.acting("sal@example.com"):
        assert notices.own_notices() == [], "the same program at the same address, without its cookies"
    other = stranger(desk)
    sent = {"email": "sal@example.com", "password": PASSWORD, "_csrf": other.token_of_page()}
    assert other.post("/sign-in", sent, User_Agent="Mozilla/5.0 (Windows NT) Firefox/140.0").status_code == 303
    with desk.acting("sal@example.com"):
        (told,) = notices.own_notices()
    assert ("never used before: Firefox on Windows" in told.text, told.href) == (True, "/profile#ways-in")


def set_up(desk, provider, **more):
    """The provider in the settings, tried and switched on by the administrator's clicks."""
    root = desk.browser()
    sent = {"issuer": provider.issuer, "client_id": provider.client_id, "client_secret": provider.client_secret,
            "allow_private": "true", "group_claim": "groups", **more}  # fmt: skip
    assert root.submit("/admin/sign-in/provider", sent).status_code == 303
    assert root.submit("/admin/sign-in/provider/on").status_code == 303
    assert "Try it first" in root.says("/admin/sign-in")
    travel(root, provider, "/sign-in/provider/try")
    page = root.get("/admin/sign-in").text
    assert "It works. root@example.com would be signed in as Root" in page, page
    assert provider.client_secret not in page
    assert root.submit("/admin/sign-in/provider/on").status_code == 303
    return root


def travel(browser, provider, path):
    away = browser.get(path)
    assert away.status_code == 303, away.text
    back = urlsplit(provider.sign_in(away.headers["Location"]))
    return browser.get(f"{back.path}?{back.query}")


def test_people_sign_in_with_the_companys_provider_by_verified_address_and_are_made_if_wished(desk):
    with running_provider() as provider:
        set_up(desk, provider, create="true", role="seller", groups="Chiefs = head\nSellers = seller")
        browser = stranger(desk)
        page = browser.get("/sign-in?next=/deals").text
        assert ("Sign in with your company account" in page, 'name="password"' in page) == (True, True)
        provider.person = {"sub": "p-7", "email": "Sal@Example.com", "email_verified": True, "name": "Sally",
                           "groups": ["Chiefs", "Unknown"]}  # fmt: skip
        done = travel(browser, provider, "/sign-in/provider?next=/deals")
        assert (done.status_code, done.headers["Location"], browser.get("/profile").status_code) == (303, "/deals", 200)
        provider.person |= {"email": "sally@new.example", "email_verified": False, "groups": []}
        assert travel(stranger(desk), provider, "/sign-in/provider").status_code == 303, "known by the subject now"
        provider.person = {"sub": "p-8", "email": "new@example.com", "email_verified": True, "name": "Newton"}
        provider.fault = "userinfo"
        assert travel(stranger(desk), provider, "/sign-in/provider").status_code == 303

        with desk.acting():
            people = trusted(select(table(User).c.name, table(User).c.roles).order_by(table(User).c.id)).all()
            linked = trusted(select(table(Identity).c.subject).order_by(table(Identity).c.subject)).scalars().all()
        assert [(row.name, row.roles) for row in people] == [
            ("Root", ["administrator"]), ("Hedy", ["head"]), ("Sal", None), ("Newton", ["seller"]),
        ]  # fmt: skip
        assert linked == ["p-7", "p-8"]
    assert stranger(desk).sign_in("root@example.com").status_code == 303, "the provider is down, the password works"


def test_the_provider_answers_for_a_second_factor_only_when_it_says_so_or_the_administrator_does(desk):
    rules = {"idle_hours": "12", "lifetime_days": "7", "second_factor": "everybody", "reset_by_mail": "true"}
    with running_provider() as provider:
        root = set_up(desk, provider)
        assert root.submit("/admin/sign-in", rules).status_code == 303
        provider.person = {"sub": "p-7", "email": "sal@example.com", "email_verified": True, "name": "Sal"}

        def opens(**claims):
            provider.claims = claims
            browser = stranger(desk)
            assert travel(browser, provider, "/sign-in/provider").status_code == 303
            return browser.get("/deals").status_code == 200

        said = [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"amr": ["otp"]}, {"acr": "1"}]
        assert [opens(**one) for one in said] == [False] * 5
        assert [opens(amr=["pwd", "otp"]), opens(amr=["mfa"]), opens(acr="phr")] == [True] * 3
        sent = {"issuer": provider.issuer, "client_id": provider.client_id, "allow_private": "true",
                "group_claim": "groups", "two_factors": "true"}  # fmt: skip
        assert root.submit("/admin/sign-in/provider", sent).status_code == 303
        assert opens() is True


def test_answers_of_the_provider_that_do_not_hold_let_nobody_in(desk):
    with running_provider() as provider:
        set_up(desk, provider)
        said = {}

        def attempt(name, **claims):
            provider.claims = claims
            browser = stranger(desk)
            answer = travel(browser, provider, "/sign-in/provider")
            said[name] = re.search(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.S)[1]
            assert (name, answer.status_code, browser.get("/profile").status_code) == (name, 403, 303)

        attempt("audience", aud="somebody else")
        attempt("issuer", iss="http://127.0.0.1:1")
        attempt("old", exp=int(utc_now().timestamp()) - 600)
        attempt("nonce", nonce="another")
        attempt("unverified", sub="p-9", email_verified=False)
        attempt("unknown", sub="p-9", email="nobody@example.com")
        for fault in ("other key", "unsigned", "refused"):
            provider.fault = fault
            attempt(fault)
        provider.fault, provider.claims = "", {}
        assert said["unverified"].startswith("The sign-in provider has not verified the address root@example.com")
        assert said["unknown"].startswith("Nobody here signs in with nobody@example.com")
        assert said["refused"] == "The sign-in provider says: You may not use this program."

        browser = stranger(desk)
        away = browser.get("/sign-in/provider").headers["Location"]
        asked = {key: value[0] for key, value in parse_qs(urlsplit(away).query).items()}
        assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid email profile")
        back = urlsplit(provider.sign_in(away))
        other = stranger(desk).get(f"{back.path}?{back.query}")
        forged = browser.get(f"{back.path}?code=x&state=guessed")
        assert (other.status_code, forged.status_code) == (403, 403)
        first, late = browser.get(f"{back.path}?{back.query}"), browser.get(f"{back.path}?{back.query}")
        assert (first.status_code, late.status_code) == (403, 403), "the journey ended with the forged answer"
    root = desk.browser()
    sent = {"issuer": provider.issuer, "client_id": "kumiko", "client_secret": "s"}
    refused = root.submit("/admin/sign-in/provider", sent)
    assert (refused.status_code, "begins with https://" in refused.text) == (422, True)
