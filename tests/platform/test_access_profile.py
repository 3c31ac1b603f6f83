"""The profile page: what people change of themselves, their sessions and their tokens."""

import re

import access_lab
import pytest
from access_lab import Lab, token_in

from kumiko.access import accounts, profile, sessions, tokens
from kumiko.access.models import USER
from kumiko.host.errors import Forbidden
from kumiko.records import service


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("access", access_lab.build), tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def sam(lab):
    browser = lab.browser()
    browser.sign_in("sam@example.com")
    browser.token = token_in(browser.get("/profile"))
    return browser


def own(lab, *names):
    with lab.acting():
        record = service.get(USER, accounts.get_user_id("sam@example.com"))
        return tuple(record.get(name) for name in names)


def test_a_person_changes_the_own_settings(lab, sam):
    fields = {"name": "Sam S.", "language": "de", "zone": "Europe/Lisbon", "theme": "dark", "_csrf": sam.token}

    answer = sam.post("/profile", {**fields, "shortcuts_off": ["false", "true"]})

    assert answer.status_code == 303
    assert own(lab, "name", "language", "zone", "theme", "shortcuts_off") == (
        "Sam S.", "de", "Europe/Lisbon", "dark", True,
    )  # fmt: skip
    assert 'value="Europe/Lisbon" selected' in sam.get("/profile").text


def test_a_refused_value_is_shown_with_its_sentence_and_changes_nothing(lab, sam):
    answer = sam.post("/profile", {"name": "X", "zone": "Moon/Sea", "_csrf": sam.token})

    assert answer.status_code == 422
    assert "is no time zone; wanted one like Europe/Lisbon" in answer.text
    assert own(lab, "name") == ("Sam",)


def test_nobody_gives_themselves_a_role_or_an_address(lab):
    with lab.acting("sam@example.com"):
        for values in ({"roles": ["administrator"]}, {"email": "x@example.com"}, {"active": True}):
            with pytest.raises(Forbidden):
                profile.change_own_record(values)


def test_a_token_is_shown_once_and_works_until_it_is_revoked(lab, sam):
    answer = sam.post(
        "/profile/tokens", {"token_name": "sheet", "token_read_only": ["false", "true"], "_csrf": sam.token}
    )
    secret = re.search(r"kmk_[\w-]+", answer.text)[0]
    asked = {"Authorization": f"Bearer {secret}"}

    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in sam.get("/profile").text
    assert lab.browser().get("/api/v1/nothing", **asked).status_code == 404
    assert lab.browser().post("/api/v1/nothing", **asked).status_code == 403
    with lab.acting():
        mine = tokens.list_of(accounts.get_user_id("sam@example.com"))
    assert [(one.name, one.read_only) for one in mine] == [("sheet", True)]
    assert sam.post(f"/profile/tokens/{mine[0].id}/revoke", {"_csrf": sam.token}).status_code == 303
    assert lab.browser().get("/api/v1/nothing", **asked).status_code == 401


def test_a_person_ends_another_session_of_theirs_but_none_of_others(lab, sam):
    other = lab.browser()
    other.sign_in("sam@example.com")
    lab.browser().sign_in("root@example.com")
    with lab.acting():
        newest = sessions.list_open(accounts.get_user_id("sam@example.com"))[0].id
        of_root = sessions.list_open(accounts.get_user_id("root@example.com"))[0].id

    assert sam.post(f"/profile/sessions/{of_root}/end", {"_csrf": sam.token}).status_code == 404
    assert sam.post(f"/profile/sessions/{newest}/end", {"_csrf": sam.token}).status_code == 303
    assert other.get("/profile").headers["Location"] == "/sign-in?next=/profile"


def test_the_password_form_says_what_is_wrong_beside_the_field(lab, sam):
    fields = {"current": access_lab.PASSWORD, "password": "short", "again": "short", "_csrf": sam.token}

    refused = sam.post("/profile/password", fields)
    done = sam.post("/profile/password", {**fields, "password": "new words here", "again": "new words here"})

    assert (refused.status_code, "wanted at least 10" in refused.text) == (422, True)
    assert done.status_code == 303
    assert lab.browser().sign_in("sam@example.com", "new words here").status_code == 303
