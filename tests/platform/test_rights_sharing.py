"""Sharing a record, rules of roles, and why somebody sees it: the same answer by every way in."""

import json

import admin_lab
import pytest
from sqlalchemy import select

from kumiko.access import accounts
from kumiko.access.models import ROLE, Role, table
from kumiko.host.errors import Forbidden, Invalid
from kumiko.host.scoping import trusted
from kumiko.notify.services import own_notices
from kumiko.records import history, queries, search, service, undo
from kumiko.records.catalogue import catalogue
from kumiko.records.units import unit

DEAL, SHARE = "deals.deal", "sharing.share"


@pytest.fixture
def desk(clone_database, tmp_path):
    """Sal and Sue are sellers of one team; Sue owns two deals."""
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    with made.acting():
        accounts.add_user("Sue", "sue@example.com", roles=["seller"], password=admin_lab.PASSWORD,
                          team_id=accounts.find_team_id("North"))  # fmt: skip
    with made.acting("sue@example.com"):
        made.deal = service.create(DEAL, {"name": "Lamps for Oslo", "amount": {"value": "500", "currency": "EUR"}}).id
        made.large = service.create(DEAL, {"name": "Lifts for Oslo", "amount": {"value": "9000", "currency": "EUR"}}).id
    yield made
    made.database.close()


class Rest:
    """A program with a person's token."""

    def __init__(self, desk, email):
        with desk.acting():
            self._token = accounts.make_token(accounts.get_user_id(email))
        from werkzeug.test import Client

        self._client = Client(desk.host)

    def __call__(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self._token}", "If-Match": "*"}
        data = None if body is None else json.dumps(body)
        answer = self._client.open(f"/api/v1{path}", method=method, headers=headers, data=data,
                                   content_type="application/json" if data else None)  # fmt: skip
        text = answer.get_data(as_text=True)
        return answer.status_code, json.loads(text) if text else None


def seen(desk, email):
    """How a person meets Sue's deals: in lists, counts, the search, the feed of changes, and by address."""
    with desk.acting(email):
        info = catalogue().get(DEAL)
        listed = [row[0] for row in queries.list_page(info, names=("name",), sort="id").rows]
        found = {hit.id for hit in search.search("Oslo", types=[DEAL])}
        known = {one for one in (desk.deal, desk.large) if service.find(DEAL, one) is not None}
        told = history.readable_ids(info, {desk.deal, desk.large})
        return {"list": set(listed), "count": queries.count_capped(info), "search": found, "get": known, "feed": told}


def everywhere(*ids):
    return {"list": set(ids), "count": len(ids), "search": set(ids), "get": set(ids), "feed": set(ids)}


def test_a_shared_record_is_met_everywhere_and_nowhere_once_the_share_is_undone(desk):
    sue, sal = Rest(desk, "sue@example.com"), Rest(desk, "sal@example.com")
    sal_id = desk.user_id("sal@example.com")
    assert seen(desk, "sal@example.com") == everywhere()

    body = {"record": {"type": DEAL, "id": desk.deal}, "with_user": sal_id, "access": "read"}
    status, share = sue("POST", "/shares", body)
    assert (status, share["name"]) == (201, "Sal may read it")
    with desk.acting("sal@example.com"):
        assert [one.text for one in own_notices()] == ["Sue shared a record with you (deal): Lamps for Oslo"]
    assert seen(desk, "sal@example.com") == everywhere(desk.deal)
    assert sal("PATCH", f"/deals/{desk.deal}", {"name": "mine now"})[0] == 403
    assert sal("POST", "/shares", {**body, "with_user": desk.user_id("hedy@example.com")})[0] == 403

    assert sue("PATCH", f"/shares/{share['id']}", {"access": "edit"})[0] == 200
    assert sal("PATCH", f"/deals/{desk.deal}", {"name": "Lamps for Oslo, soon"})[0] == 200
    assert sal("PATCH", f"/deals/{desk.deal}", {"owner": sal_id})[0] in (403, 422)
    assert sal("DELETE", f"/deals/{desk.deal}")[0] == 403
    assert "Sal" in desk.browser("sue@example.com").get(f"/deals/{desk.deal}/panels/sharing/shares").text

    with desk.acting("sue@example.com"):
        newest_first = history.history(SHARE, share["id"])
        for entry in newest_first:
            undo.undo(entry.unit)
    assert seen(desk, "sal@example.com") == everywhere()
    assert sal("GET", f"/deals/{desk.deal}")[0] == 404


def test_a_record_shared_with_a_team_is_its_members_and_a_share_that_gives_nothing_is_refused(desk):
    with desk.acting("sue@example.com"):
        record = {"type": DEAL, "id": desk.deal}
        north = accounts.find_team_id("North")
        with unit():
            service.create(SHARE, {"record": record, "with_team": north, "access": "read"})
        with pytest.raises(Invalid, match="accepted"):
            service.create(SHARE, {"record": record, "with_team": north, "access": "edit"})
        with pytest.raises(Invalid, match="accepted"):
            service.create(SHARE, {"record": record, "access": "read"})
    assert seen(desk, "sal@example.com") == everywhere(desk.deal)
    with desk.acting("sal@example.com"), pytest.raises(Forbidden):
        service.create(
            SHARE, {"record": {"type": DEAL, "id": desk.deal}, "with_user": desk.user_id("root@example.com")}
        )


def seller(desk):
    with desk.acting():
        return trusted(select(table(Role).c.id).where(table(Role).c.key == "seller")).scalar()


def rule(field, **more):
    return {"name": "Large ones", "access": "read", "filter": {"f": field, "op": "gte", "v": 5000}, **more}


def test_a_saved_list_becomes_a_rule_whose_effect_is_shown_before_and_undone_after(desk):
    root = desk.browser()
    root.submit("/deals/views/new?amount__gte=5000", {"name": "Large ones", "shared": "true"})
    path = f"/admin/roles/{seller(desk)}/rules"
    chosen = {"list": "1", "access": "read"}

    shown = root.submit(path, {**chosen, "preview": "1"}).text
    assert "Deals: sees 0, would see 1" in shown
    assert seen(desk, "sal@example.com") == everywhere()

    assert root.submit(path, chosen).status_code == 303
    assert seen(desk, "sal@example.com") == everywhere(desk.large)
    page = root.get(path).text
    assert ("Large ones" in page, "paused" in page) == (True, False)
    status, why = Rest(desk, "sal@example.com")("GET", f"/deals/{desk.large}/rights")
    assert (status, why["actions"]["read"]["allowed"], why["actions"]["edit"]["allowed"]) == (200, True, False)
    assert "It matches the rule “Large ones” of a role." in why["actions"]["read"]["because"]

    assert root.submit(f"{path}/{DEAL}/0/delete").status_code == 303
    assert seen(desk, "sal@example.com") == everywhere()


def test_a_rule_that_names_a_field_of_a_module_that_is_off_is_paused_by_name_and_gives_nothing(desk):
    with desk.acting("root@example.com"):
        with pytest.raises(Invalid) as refused:
            service.update(ROLE, seller(desk), {"grants": {DEAL: {"rules": [rule("sales:probability")]}}})
        assert "The rule Large ones does not work" in refused.value.errors["grants"][0]
    with desk.acting():  # as it was stored while the module was on
        grants = {DEAL: {"rules": [rule("sales:probability"), rule("amount", name="Others", access="edit")]}}
        from kumiko.host.context import transaction

        with transaction():
            trusted(table(Role).update().where(table(Role).c.id == seller(desk)).values(grants=grants))
    assert seen(desk, "sal@example.com") == everywhere(desk.large)
    page = desk.browser().get(f"/admin/roles/{seller(desk)}/rules").text
    assert ("Large ones</b> <span" in page, "Others</b> <span" in page) == (True, False)
    with desk.acting("sal@example.com"):
        assert service.update(DEAL, desk.large, {"name": "Lifts"}).title == "Lifts"


def test_somebody_elses_rights_are_told_to_administrators_and_their_head_alone(desk):
    sue_id, path = desk.user_id("sue@example.com"), f"/sharing/deals/{desk.deal}/why"
    with desk.acting():
        team = accounts.find_team_id("North")
        service.update("access.team", team, {"head": desk.user_id("hedy@example.com")})
    with desk.acting("sue@example.com"):
        service.create(SHARE, {"record": {"type": DEAL, "id": desk.deal}, "with_user": desk.user_id("sal@example.com"),
                               "access": "read"})  # fmt: skip
    own = desk.browser("sal@example.com").get(path).text
    assert "Sue shared it with Sal for reading." in own
    assert desk.browser("sal@example.com").get(f"{path}?user={sue_id}").status_code == 403
    for email in ("root@example.com", "hedy@example.com"):
        assert "Sue owns it." in desk.browser(email).get(f"{path}?user={sue_id}").text
