"""Users, teams and roles as rights: one query per request, changes that count at once, and rules that keep order."""

import access_lab
import pytest
from access_lab import Lab, statements
from sqlalchemy import select

from kumiko.access import accounts, matrix
from kumiko.access.defaults import ADMINISTRATOR, DEFAULT_ROLES, HEAD, SELLER
from kumiko.access.directory import Declared, Directory
from kumiko.access.models import ROLE, TEAM, USER, Role, table
from kumiko.access.principals import principal_for_email, principal_for_session, principal_for_user
from kumiko.host.declarations import ACTIONS
from kumiko.host.errors import Conflict, Forbidden, Invalid
from kumiko.host.scoping import trusted
from kumiko.records import service, undo
from kumiko.records.units import unit


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("access", access_lab.build), tmp_path)
    yield made
    made.database.close()


def role(key, **more):
    return {"key": key, "kind": None, "grants": None, "fields": None, "permissions": None, **more}


def levels(lab, email, type_key="sample.thing"):
    with lab.acting():
        found = principal_for_email(email)
        assert found is not None
        return {action: found.level(type_key, action) for action in ACTIONS}


# ------------------------------------------------------------------------------------------------- one query each


def test_a_request_asks_once_who_is_there(lab):
    browser, token = lab.browser(), lab.token("sam@example.com")
    browser.sign_in("sam@example.com")
    browser.get("/sign-in")

    with statements() as by_cookie:
        assert browser.get("/sign-in").status_code == 303
    with statements() as by_token:
        assert browser.get("/api/v1/nothing", Authorization=f"Bearer {token}").status_code == 404
    with statements() as stranger:
        lab.browser().get("/deals")

    assert [len(by_cookie), len(by_token), len(stranger)] == [1, 1, 0]


def test_a_changed_role_counts_in_the_next_request_of_another_process(lab, tmp_path):
    other = Lab(lab.database.url.render_as_string(hide_password=False), tmp_path)
    browser = lab.browser()
    browser.sign_in("sam@example.com")
    cookie = browser.cookie()

    def level():
        with lab.acting():
            return principal_for_session(cookie).principal.level("sample.thing", "export")

    before = level()
    with other.acting("root@example.com"):
        seller = next(row for row in _roles(other) if row["key"] == SELLER)
        service.update(ROLE, seller["id"], {"grants": {"sample.thing": {"export": "own"}}})

    assert (before, level()) == ("none", "own")


def _roles(lab):
    return [dict(row) for row in trusted(select(table(Role).c.id, table(Role).c.key)).mappings()]


def test_undoing_the_change_of_a_role_counts_at_once_too(lab):
    with lab.acting("root@example.com"):
        seller = next(row["id"] for row in _roles(lab) if row["key"] == SELLER)
        with unit() as opened:
            service.update(ROLE, seller, {"grants": {"*": {"export": "all"}}})
        changed = principal_for_email("sam@example.com").level("sample.thing", "export")
        undo.undo(opened.id)
        assert (changed, principal_for_email("sam@example.com").level("sample.thing", "export")) == ("all", "none")


def test_a_change_that_is_rolled_back_is_forgotten(lab):
    with lab.acting("root@example.com"):
        seller = next(row["id"] for row in _roles(lab) if row["key"] == SELLER)
        seen = []

        def change_and_fail():
            with unit():
                service.update(ROLE, seller, {"grants": {"*": {"export": "all"}}})
                seen.append(principal_for_email("sam@example.com").level("sample.thing", "export"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            change_and_fail()
        seen.append(principal_for_email("sam@example.com").level("sample.thing", "export"))
    assert seen == ["all", "none"]


# --------------------------------------------------------------------------------------------------------- levels


def test_the_delivered_roles_have_these_levels(lab):
    assert levels(lab, "root@example.com") == dict.fromkeys(ACTIONS, "all")
    assert levels(lab, "sam@example.com") == {
        **dict.fromkeys(("read", "edit", "delete", "bulk", "assign"), "own"),
        "create": "all",
        "export": "none",
    }
    head = next(one for one in DEFAULT_ROLES if one.key == HEAD)
    assert (head.grants["read"], head.grants["export"]) == ("subtree", "subtree")


def test_a_roles_own_word_beats_the_modules_default_which_beats_everything_else():
    declared = Declared(types={"a.x": {SELLER: {"read": "team"}}, "a.y": {}}, permissions={})
    known = Directory(1, declared, [role(SELLER, grants={"a.x": {"edit": "all"}, "*": {"delete": "all"}})], [])

    grants = known.rights((SELLER,)).grants

    assert {action: grants["a.x"][action] for action in ("read", "edit", "delete")} == {
        "read": "team",
        "edit": "all",
        "delete": "all",
    }
    assert (grants["a.y"]["read"], grants["a.y"]["delete"], grants["*"]["delete"]) == ("own", "all", "all")


def test_several_roles_add_up_and_hide_only_what_all_of_them_hide():
    fields = {"a.x": {"cost": "hidden", "name": "read"}}
    known = Directory(
        1,
        Declared(types={"a.x": {}}, permissions={"p": frozenset({"analyst"})}),
        [role(SELLER, fields=fields), role("analyst", fields={"a.x": {"cost": "read"}}), role("bare", fields=fields)],
        [],
    )

    both = known.rights((SELLER, "analyst"))

    assert (both.grants["a.x"]["read"], both.grants["a.x"]["edit"]) == ("all", "own")
    assert both.permissions == {"p"}
    assert (both.hidden, both.read_only_fields) == ({"a.x": frozenset()}, {"a.x": frozenset({"cost"})})
    assert known.rights((SELLER, "bare")).hidden == {"a.x": frozenset({"cost"})}
    assert known.rights(("unknown",)).grants == {}


def test_fields_that_say_the_same_are_limited_together():
    same = Declared(types={}, permissions={}, same={"a.x": (("email", "emails"), ("web", "domain"))})
    fields = {"a.x": {"emails": "hidden", "domain": "read", "size": "read"}}
    role = {"key": "r", "kind": "", "grants": None, "permissions": None, "fields": fields}
    alone, whole = (Directory(1, one, [role], []) for one in (Declared.of(None), same))
    assert alone.rights(("r",)).hidden == {"a.x": frozenset({"emails"})}
    assert whole.rights(("r",)).hidden == whole.hidden_from_some == {"a.x": frozenset({"email", "emails"})}
    assert whole.rights(("r",)).read_only_fields == {"a.x": frozenset({"web", "domain", "size"})}


def test_a_role_that_may_edit_everything_else_still_cannot_write_users_or_roles():
    known = Directory(
        1, Declared(types={USER: {}}, permissions={}), [role("mighty", grants={"*": dict.fromkeys(ACTIONS, "all")})], []
    )

    grants = known.rights(("mighty",)).grants

    assert {type_key: (grants[type_key]["read"], grants[type_key]["edit"]) for type_key in (USER, TEAM, ROLE)} == {
        USER: ("all", "none"),
        TEAM: ("all", "none"),
        ROLE: ("none", "none"),
    }


def test_a_head_sees_the_teams_below_the_own_one_and_those_he_heads():
    teams = [
        {"id": 1, "parent_id": None, "head_id": None},
        {"id": 2, "parent_id": 1, "head_id": None},
        {"id": 3, "parent_id": 2, "head_id": None},
        {"id": 4, "parent_id": None, "head_id": 77},
        {"id": 5, "parent_id": 6, "head_id": None},
        {"id": 6, "parent_id": 5, "head_id": None},
    ]
    known = Directory(1, Declared(types={}, permissions={}), [], teams)

    assert known.teams_of(50, 2) == ((2,), (2, 3))
    assert known.teams_of(77, 1) == ((1, 4), (1, 2, 3, 4))
    assert known.teams_of(50, 5) == ((5,), (5, 6)), "a loop ends"
    assert known.teams_of(50, None) == ((), ())


# ---------------------------------------------------------------------------------------------------------- rules


def test_an_e_mail_address_belongs_to_one_live_user(lab):
    with lab.acting():
        made = accounts.add_user("Ann", "Ann@Example.com", roles=[SELLER])
        with pytest.raises(Invalid) as refusal:
            accounts.add_user("Ann Two", "ANN@example.com", roles=[SELLER])
        service.delete(USER, made)
        again = accounts.add_user("Ann", "ann@example.com", roles=[SELLER])
        assert service.get(USER, again).get("email") == "ann@example.com"
    assert refusal.value.errors == {"email": ["ann@example.com already belongs to another user."]}


def test_a_seller_reads_users_and_changes_none(lab):
    root = lab.user_id("root@example.com")
    with lab.acting("sam@example.com"):
        assert service.get(USER, root).get("email") == "root@example.com"
        for attempt in (
            lambda: service.update(USER, root, {"name": "X"}),
            lambda: accounts.add_user("X", None, roles=[ADMINISTRATOR]),
            lambda: service.create(TEAM, {"name": "X"}),
            lambda: service.create(ROLE, {"name": "X"}),
            accounts.list_accounts,
            lambda: accounts.make_token(root),
        ):
            with pytest.raises(Forbidden):
                attempt()


def test_who_may_edit_users_cannot_make_administrators_of_them(lab):
    with lab.acting():
        service.create(ROLE, {"name": "Office", "permissions": {"users.edit": True}})
        accounts.add_user("Olga", "olga@example.com", roles=["office"])
    sam = lab.user_id("sam@example.com")
    with lab.acting("olga@example.com"):
        assert service.update(USER, sam, {"name": "Samuel"}).title == "Samuel"
        with pytest.raises(Invalid) as refusal:
            service.update(USER, sam, {"roles": [ADMINISTRATOR]})
        with pytest.raises(Forbidden, match="Only an administrator"):
            accounts.password_link("root@example.com")
    assert refusal.value.errors == {
        "roles": [
            "Your role does not allow you to give or take roles.",
            "Only an administrator can make or unmake administrators.",
        ]
    }


@pytest.mark.parametrize("change", [{"active": False}, {"roles": [SELLER]}, None])
def test_the_last_administrator_stays(lab, change):
    root = lab.user_id("root@example.com")
    act = (lambda: service.delete(USER, root)) if change is None else (lambda: service.update(USER, root, change))
    with lab.acting(), pytest.raises(Conflict, match="only active administrator"):
        act()


def test_roles_in_use_and_delivered_ones_are_not_deleted(lab):
    with lab.acting("root@example.com"):
        roles = {row["key"]: row["id"] for row in _roles(lab)}
        with pytest.raises(Conflict, match="comes with Kumiko"):
            service.delete(ROLE, roles["analyst"])
        made = service.create(ROLE, {"name": "Night shift"})
        assert made.get("key") == "night_shift"
        olga = accounts.add_user("Olga", None, roles=["night_shift"])
        with pytest.raises(Conflict, match="1 users still have this role"):
            service.delete(ROLE, made.id)
        service.update(USER, olga, {"roles": []})
        service.delete(ROLE, made.id)


@pytest.mark.parametrize(
    "values",
    [
        {"grants": {"*": {"read": "everything"}}},
        {"grants": {"*": {"fly": "all"}}},
        {"grants": ["x"]},
        {"fields": {"a": {"b": "write"}}},
        {"permissions": {"x": "yes"}},
        {"key": "Has Spaces"},
    ],
)
def test_a_role_that_makes_no_sense_is_refused(lab, values):
    with lab.acting(), pytest.raises(Invalid) as refusal:
        service.create(ROLE, {"name": "X", **values})
    assert list(refusal.value.errors) == list(values)


def test_teams_make_no_loop_and_stay_while_used(lab):
    with lab.acting():
        top = service.create(TEAM, {"name": "Top"}).id
        below = service.create(TEAM, {"name": "Below", "parent": top}).id
        with pytest.raises(Invalid) as refusal:
            service.update(TEAM, top, {"parent": below})
        with pytest.raises(Conflict, match="Top still has members or teams below it"):
            service.delete(TEAM, top)
        service.delete(TEAM, below)
        service.delete(TEAM, top)
    assert refusal.value.errors == {"parent": ["A team cannot stand below itself; choose another parent."]}


def test_a_user_in_a_team_is_known_by_id_for_jobs(lab):
    with lab.acting():
        team = service.create(TEAM, {"name": "North"}).id
        ann = accounts.add_user("Ann", "ann@example.com", roles=[HEAD], team_id=team)
        found = principal_for_user(ann)
        assert (found.user_id, found.team_ids, found.subtree_team_ids) == (ann, (team,), (team,))
        assert principal_for_user(999_999) is None


# --------------------------------------------------------------------------------------------------------- matrix


def test_the_table_of_a_role_says_what_counts_and_why_and_takes_changes(lab):
    with lab.acting("root@example.com"):
        seller = next(row["id"] for row in _roles(lab) if row["key"] == SELLER)
        matrix.save_matrix(
            seller, {("sample.thing", "export"): "own", ("sample.thing", "read"): ""}, {"import.run": True}
        )
        found = matrix.role_matrix(seller)
        row = next(one for one in found.rows if one.type_key == "sample.thing")
        cells = {cell.action: (cell.level, cell.default, cell.own) for cell in row.cells}
        assert cells["export"] == ("own", "none", "own")
        assert cells["read"] == ("own", "own", "")
        assert next(one for one in found.rows if one.type_key == USER).locked
        assert {one.name: one.on for one in found.permissions}["import.run"] is True
        matrix.save_matrix(seller, {("sample.thing", "export"): ""}, {})
        assert service.get(ROLE, seller).get("grants") in ({}, None)
        with pytest.raises(Invalid, match="There is no level"):
            matrix.save_matrix(seller, {("nothing", "read"): "all"}, {})
