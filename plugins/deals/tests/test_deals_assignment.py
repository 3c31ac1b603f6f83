"""Who gets a lead: fair over thousands, in two processes at once, with reasons; who is away or has left is skipped."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from intake_lab import LEAD, RULE, receive, rule
from werkzeug.datastructures import MultiDict

from kumiko import Invalid, company_today, create, get, unit, update
from kumiko.access.principals import principal_for_email
from kumiko_deals import assigning, turns
from kumiko_deals.rule_trial import trial_view

ABSENCE = "calendar.absence"


def user(name):
    return principal_for_email(f"{name}@example.com").user_id


def absent(name, days=5, **more):
    create(ABSENCE, {"person_away": user(name), "from_on": company_today().isoformat(),
                     "until_on": (company_today() + timedelta(days=days)).isoformat(), **more})  # fmt: skip


def test_three_thousand_leads_are_shared_equally_by_two_processes_at_once(intake):
    with intake.acting():
        ids, rule_id = [user(name) for name in ("ann", "ben", "cleo")], rule()
    given, start = Counter(), threading.Barrier(2)

    def work():
        mine = Counter()
        start.wait()
        for _slice in range(15):
            with intake.acting(), unit():
                for _each in range(100):
                    mine[turns.take_turn(rule_id, ids)] += 1
        given.update(mine)

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == dict.fromkeys(ids, 1000)


def test_the_card_says_by_which_rule_and_who_was_passed_over(intake):
    with intake.acting():
        rule(name="Mails to sellers", channels=["mail"])
        absent("ben")
        until = (company_today() + timedelta(days=5)).isoformat()
        owners = [get(LEAD, receive(f"Text {n}", channel="mail", email=f"m{n}@x.example").lead_id) for n in range(4)]
        assert [one.get("owner").name for one in owners] == ["Ann", "Cleo", "Ann", "Cleo"]
        assert owners[0].get("assignment") == f"Mails to sellers: Ann's turn; Ben is absent until {until}"
        update("access.user", user("cleo"), {"active": False})
        assert get(LEAD, receive("New", channel="mail", email="n@x.example").lead_id).get("owner").name == "Ann"
        other = get(LEAD, receive("By form", email="f@x.example").lead_id)
        assert other.get("assignment").startswith("Everybody who sells, in turn: Ann's turn")


def test_rules_are_tried_in_order_with_conditions_loads_limits_and_deputies(intake):
    with intake.acting():
        rule(name="Big ones", position=1, way="user", user=user("ben"), language="de",
             condition={"f": "sender_organization", "op": "contains", "v": "works"})  # fmt: skip
        rule(name="Fewest", position=2, way="least_load", most_open=2, campaign="Spring")

        def asked(**values):
            found = assigning.assign({"channel": "form", **values})
            return found.why

        assert asked(language="de_AT", sender_organization="Fjordworks") == "Big ones: always Ben"
        assert asked(language="de", sender_organization="Acme").startswith("Everybody who sells")
        absent("ben", deputy=user("cleo"))
        until = (company_today() + timedelta(days=5)).isoformat()
        assert asked(language="de", sender_organization="Fjordworks") == (
            f"Big ones: Ben is absent until {until}, Cleo stands in"
        )
        for _each in range(2):
            create(LEAD, {"name": "Open", "owner": user("ann")})
        assert asked(campaign="spring").startswith("Fewest: Cleo has fewest open leads (0)")
        for _each in range(2):
            create(LEAD, {"name": "Open", "owner": user("cleo")})
        why, tried = assigning.decide({"channel": "form", "campaign": "Spring"}, dry=True)
        assert [(one.name, one.said) for one in tried][:2] == [
            ("Big ones", "another language"), ("Fewest", "everybody there has 2 open leads or more"),
        ]  # fmt: skip
        first, again = (trial_view(MultiDict({"campaign": "Spring", "channel": "form"})) for _each in range(2))
        assert (first.name, first.found, why.user_id) == (again.name, again.found, first.found.user_id)
        for name in ("ann", "cleo"):
            absent(name)
        nobody = assigning.assign({"channel": "form"})
        assert (nobody.name, nobody.rule_id) == ("Root", None)
        assert nobody.why.endswith("Root leads, and gets it.")
        for wrong in ({"f": "no_field", "op": "eq", "v": 1}, ["x"], {"f": "name", "op": "?"}):
            with pytest.raises(Invalid) as refused:
                create(RULE, {"name": "Wrong", "condition": wrong})
            assert list(refused.value.errors) == ["condition"]
