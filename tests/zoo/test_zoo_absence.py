"""A module leaves and returns by the buttons of the full house, and hears what it missed."""

import time

from kumiko.operate import lifecycle
from kumiko.records import catch_up, service

LISTENER = """
from kumiko import Subscription
heard = []
def hear(delivery):
    heard.extend(one.after["next_step"] for one in delivery.changes if "next_step" in one.after)
@hookimpl
def declare_subscriptions():
    return [Subscription(name="bad.hear", event="record.changed/1", types=("deals.deal",), handler=hear)]
"""


def change(house, step):
    with house.acting():
        service.update("deals.deal", house.deal_id, {"next_step": step})


def heard(house):
    from zoo_bad import plugin

    return plugin.heard


def work_until(house, wanted, limit_s=30):
    until = time.monotonic() + limit_s
    while heard(house) != wanted and time.monotonic() < until:
        house.work_off()
        time.sleep(0.1)
    assert heard(house) == wanted


def test_what_it_missed_comes_before_what_is_new(house):
    house.zoo.add("bad", LISTENER)
    change(house, "before it ever was there")
    house.enable("bad")
    change(house, "one")
    house.work_off()
    house.post("/admin/plugins/bad/disable")
    house.follow()
    for step in ("two", "three"):
        change(house, step)
    house.press("bad", "enable")
    change(house, "four")
    began = time.monotonic()
    work_until(house, ["one", "two", "three", "four"])
    assert time.monotonic() - began < catch_up.GRACE.total_seconds() + 20
    change(house, "five")
    work_until(house, ["one", "two", "three", "four", "five"])


def test_a_module_that_failed_and_was_repaired_hears_it_too(house):
    house.zoo.add("bad", LISTENER)
    house.enable("bad")
    house.zoo.forget_modules()
    house.zoo.add("bad", "raise RuntimeError('not today')")
    house.enable_again("bad")
    house.get("/deals")  # failures are written behind an answer
    assert house.listed("bad")["state"] == "failed"
    change(house, "unheard")
    house.zoo.add("bad", LISTENER)
    house.press("bad", "Try again")
    work_until(house, ["unheard"])


def test_who_comes_back_in_anothers_place_is_told_nothing_of_the_past(house):
    house.zoo.add("bad", LISTENER)
    house.enable("bad")
    with house.acting():
        lifecycle.disable("bad")
    house.follow()
    change(house, "another did that")
    with house.acting():
        lifecycle.enable(["bad"], catch_up=False)
    house.follow()
    change(house, "new")
    house.work_off()
    assert heard(house) == ["new"]
