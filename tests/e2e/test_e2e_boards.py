"""Boards in a real browser: mouse, keyboard alone, menu, undo, two people at one card, phones, and what axe says."""

import re

import pytest
from playwright.sync_api import expect

from kumiko_assets import dev_dir

pytestmark = pytest.mark.e2e
STATES = ("open", "waiting", "checked", "done")


def goto(page, path):
    page.goto(path)
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("km-board")).to_be_visible()


@pytest.fixture
def cards(live_app):
    """A word that only these cards hold, and ids by name: three open, one waiting."""
    topic = live_app.create("sample.topic", {"name": "Alpha"})
    word = f"Deck{topic}"
    made = {}
    for number, (name, state) in enumerate(
        (("lamp", "open"), ("desk", "open"), ("chair", "open"), ("shelf", "waiting"))
    ):
        values = {"name": f"{word} {name}", "state": state, "weight": number, "topic": topic, "share": 50,
                  "price": {"value": "1000.00", "currency": "EUR"}}  # fmt: skip
        made[name] = live_app.create("sample.thing", values)
    return word, made


def lane(page, key):
    return page.locator(f".km-lane-cards[data-lane={key}]")


def shown(page, key):
    return lane(page, key).locator(".km-kcard")


def drag(page, card, target):
    """By mouse, in small steps, onto the upper half of `target`."""
    start, end = card.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 40, start["y"] + start["height"] - 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + start["height"] - 2, steps=3)
    page.mouse.move(end["x"] + 60, end["y"] + 12, steps=12)
    page.wait_for_timeout(150)
    page.mouse.up()


def test_a_card_is_dragged_by_mouse_and_brought_back(page, live_app, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    expect(page.locator("#lane-0-head")).to_contain_text("€3K")
    drag(page, page.locator(f"#c{ids['lamp']}"), page.locator(f"#c{ids['shelf']}"))
    expect(shown(page, "waiting")).to_have_count(2)
    expect(page.locator("#lane-0-head")).to_contain_text("€2K")
    expect(page.locator("#lane-1-head")).to_contain_text("2 / 3")
    expect(page.locator(".km-toast")).to_contain_text(f"“{word} lamp” moved to Waiting")
    assert live_app.values("sample.thing", ids["lamp"])["state"] == "waiting"
    expect(page).to_have_url(re.compile("/things/board"))

    page.get_by_role("button", name="Undo").click()
    expect(shown(page, "open")).to_have_count(3)
    expect(shown(page, "open").first).to_contain_text("lamp")
    expect(page.locator("#lane-0-head")).to_contain_text("€3K")
    assert live_app.values("sample.thing", ids["lamp"])["state"] == "open"


def test_cards_change_places_within_a_lane(page, live_app, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    drag(page, page.locator(f"#c{ids['chair']}"), page.locator(f"#c{ids['lamp']}"))
    expect(shown(page, "open").first).to_contain_text("chair")
    expect(page.locator(".km-toast")).to_be_visible()
    goto(page, f"/things/board?q={word}")
    expect(shown(page, "open").first).to_contain_text("chair")


def test_the_keyboard_alone_walks_moves_and_opens(page, live_app, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    page.locator("km-board").focus()
    page.keyboard.press("Tab")
    while not page.evaluate("() => document.activeElement.matches('.km-kcard')"):
        page.keyboard.press("Tab")
    expect(page.locator(f"#c{ids['lamp']}")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#c{ids['desk']}")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#c{ids['shelf']}")).to_be_focused()
    page.keyboard.press("]")
    expect(shown(page, "checked")).to_have_count(1)
    expect(page.locator(".km-toast")).to_contain_text("moved to Checked")
    expect(page.locator(f"#c{ids['shelf']}")).to_be_focused()
    assert live_app.values("sample.thing", ids["shelf"])["state"] == "checked"
    page.keyboard.press("[")
    expect(shown(page, "waiting")).to_have_count(1)
    expect(page.locator("#lane-1-head")).to_contain_text("1 / 3")
    expect(page.locator(f"#c{ids['shelf']}")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/things/{ids['shelf']}")


def test_the_menu_of_a_card_moves_it_and_keeps_the_focus(page, live_app, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    page.locator(f"#c{ids['desk']}").focus()
    page.keyboard.press("m")
    menu = page.locator("#km-card-menu")
    expect(menu.get_by_role("link", name="Open it")).to_be_focused()
    expect(menu.get_by_role("button", name="Open", exact=True)).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Checked")).to_be_focused()
    page.keyboard.press("Enter")
    expect(shown(page, "checked")).to_contain_text([f"{word} desk"])
    expect(page.locator(f"#c{ids['desk']}")).to_be_focused()
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    expect(page.locator(f"#c{ids['desk']}")).to_be_focused()


def test_what_is_missing_is_asked_for_and_a_refusal_puts_the_card_back(page, live_app, cards):
    word, ids = cards
    live_app.update("sample.thing", ids["chair"], {"name": "stuck"})
    goto(
        page, f"/things/board?filter=%7B%22f%22%3A%22id%22%2C%22op%22%3A%22in%22%2C%22v%22%3A{sorted(ids.values())}%7D"
    )
    page.locator(f"#c{ids['chair']}").focus()
    page.keyboard.press("]")
    expect(page.locator(".km-toast.is-error")).to_contain_text("A stuck thing stays where it is.")
    expect(shown(page, "open")).to_have_count(3)
    expect(page.locator(f"#c{ids['chair']}")).to_be_focused()

    page.locator(f"#c{ids['desk']}").focus()
    page.keyboard.press("m")
    page.locator("#km-card-menu").get_by_role("button", name="Done").click()
    dialog = page.get_by_role("dialog", name="Move")
    expect(dialog.get_by_label("State")).to_have_value("done")
    expect(dialog.get_by_label("Code")).to_be_focused()
    page.keyboard.type("K7")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_be_hidden()
    expect(shown(page, "open")).to_have_count(2)
    expect(page.locator("#lane-3-head .km-lane-count")).to_contain_text("1")
    assert live_app.values("sample.thing", ids["desk"])["code"] == "K7"
    page.locator("#lane-3-head").get_by_role("link", name="Unfold Done").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lane-3-head").get_by_role("link", name="Fold Done")).to_be_focused()
    expect(shown(page, "done")).to_contain_text([f"{word} desk"])
    assert "open=done" in page.url


def test_two_people_move_one_card_and_the_second_reads_why_not(page, browser, live_app, signed_in, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    with browser.new_context(base_url=live_app.url, storage_state=signed_in, locale="en-US") as other:
        second = other.new_page()
        goto(second, f"/things/board?q={word}")
        second.locator(f"#c{ids['lamp']}").focus()
        second.keyboard.press("]")
        expect(shown(second, "waiting")).to_have_count(2)
        expect(second.locator(".km-toast")).to_be_visible()
    page.locator(f"#c{ids['lamp']}").focus()
    page.keyboard.press("m")
    page.locator("#km-card-menu").get_by_role("button", name="Checked").click()
    toast = page.locator(".km-toast.is-error")
    expect(toast).to_contain_text(f"Root Ruler changed “{word} lamp” before you (State: Open → Waiting")
    expect(shown(page, "waiting")).to_have_count(2)
    expect(shown(page, "checked")).to_have_count(0)
    assert live_app.values("sample.thing", ids["lamp"])["state"] == "waiting"


def test_changes_of_others_appear_without_taking_the_focus(page, live_app, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    page.locator(f"#c{ids['desk']}").focus()
    live_app.update("sample.thing", ids["lamp"], {"state": "checked"})
    expect(shown(page, "checked")).to_have_count(1, timeout=9000)
    expect(shown(page, "open")).to_have_count(2)
    expect(page.locator("#lane-2-head")).to_contain_text("€1K")
    expect(page.locator(f"#c{ids['desk']}")).to_be_focused()


def test_a_drag_goes_on_while_others_change_things(page, live_app, cards):
    word, ids = cards
    goto(page, f"/things/board?q={word}")
    start, end = page.locator(f"#c{ids['lamp']}").bounding_box(), page.locator(f"#c{ids['shelf']}").bounding_box()
    page.mouse.move(start["x"] + 40, start["y"] + 30)
    page.mouse.down()
    page.mouse.move(start["x"] + 80, start["y"] + 60, steps=5)
    live_app.update("sample.thing", ids["chair"], {"state": "checked"})
    with page.expect_response(lambda answer: "/board/since" in answer.url and answer.status == 200):
        pass
    page.wait_for_timeout(500)
    expect(page.locator(".km-kcard.is-drag")).to_have_count(1)
    expect(shown(page, "checked")).to_have_count(0)
    page.mouse.move(end["x"] + 60, end["y"] + 12, steps=12)
    page.wait_for_timeout(150)
    page.mouse.up()
    expect(shown(page, "waiting")).to_have_count(2)
    expect(shown(page, "checked")).to_have_count(1)
    assert live_app.values("sample.thing", ids["lamp"])["state"] == "waiting"


def test_a_finger_holds_a_card_and_moves_it(browser, live_app, signed_in, cards):
    word, ids = cards
    with browser.new_context(
        base_url=live_app.url, storage_state=signed_in, viewport={"width": 820, "height": 900}, has_touch=True,
        locale="en-US",
    ) as tablet:  # fmt: skip
        page = tablet.new_page()
        goto(page, f"/things/board?q={word}")
        start, end = page.locator(f"#c{ids['lamp']}").bounding_box(), page.locator(f"#c{ids['shelf']}").bounding_box()
        finger = tablet.new_cdp_session(page)

        def touch(kind, x=None, y=None):
            points = [] if x is None else [{"x": x, "y": y}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        x, y = start["x"] + 40, start["y"] + 30
        touch("touchStart", x, y)
        page.wait_for_timeout(400)
        for step in range(1, 13):
            touch("touchMove", x + (end["x"] + 40 - x) * step / 12, y + (end["y"] + 15 - y) * step / 12)
            page.wait_for_timeout(20)
        page.wait_for_timeout(150)
        touch("touchEnd")
        expect(shown(page, "waiting")).to_have_count(2)
        expect(page.locator(".km-toast")).to_contain_text("moved to Waiting")
    assert live_app.values("sample.thing", ids["lamp"])["state"] == "waiting"


def test_more_cards_come_on_demand_and_the_focus_goes_to_them(page, live_app):
    word = "Many" + str(live_app.create("sample.topic", {"name": "Many"}))
    for number in range(15):
        live_app.create("sample.thing", {"name": f"{word} {number:02d}", "weight": number})
    goto(page, f"/things/board?q={word}")
    expect(shown(page, "open")).to_have_count(12)
    page.get_by_role("button", name="Show more · 3").focus()
    page.keyboard.press("Enter")
    expect(shown(page, "open")).to_have_count(15)
    expect(shown(page, "open").nth(12)).to_be_focused()
    live_app.create("sample.thing", {"name": f"{word} 99", "state": "waiting"})
    expect(shown(page, "waiting")).to_have_count(1, timeout=9000)
    expect(shown(page, "open")).to_have_count(15)


def test_c_and_plus_make_a_record_where_the_board_stays(page, live_app, cards):
    word, _ids = cards
    goto(page, f"/things/board?q={word}")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="New thing")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#lane-2-head").get_by_role("link", name="New in Checked").click()
    dialog = page.get_by_role("dialog", name="New thing")
    expect(dialog.get_by_label("State")).to_have_value("checked")
    dialog.get_by_label("Name", exact=False).first.fill(f"{word} new")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    expect(shown(page, "checked")).to_contain_text([f"{word} new"])


def test_filters_and_rows_stay_on_the_board(page, live_app, cards):
    word, ids = cards
    goto(page, "/things/board")
    page.keyboard.press("/")
    page.keyboard.type(word)
    page.wait_for_url("**/things/board?**q=*")
    expect(page.locator(".km-kcard")).to_have_count(4)
    page.get_by_role("link", name="By owner").click()
    page.wait_for_url("**by=owner**")
    expect(page.locator(".km-board-row").first.locator(".km-kcard")).to_have_count(4)
    drag(page, page.locator(f"#c{ids['lamp']}"), page.locator(f"#c{ids['shelf']}"))
    expect(shown(page, "waiting")).to_have_count(2)
    expect(page.locator("#lane-1-head")).to_contain_text("2 / 3")
    page.get_by_role("button", name="Undo").click()
    expect(shown(page, "waiting")).to_have_count(1)
    page.get_by_role("link", name="List", exact=True).click()
    expect(page.locator("#km-rows tr[id]")).to_have_count(4)


def test_six_lanes_fit_and_a_phone_snaps_without_moving_the_page(page, live_app, cards):
    word, _ids = cards
    goto(page, f"/things/board?q={word}")
    wide = page.locator("km-board").evaluate("el => [el.scrollWidth, el.clientWidth]")
    assert wide[0] == wide[1]
    page.set_viewport_size({"width": 390, "height": 844})
    goto(page, f"/things/board?q={word}")
    first = page.locator("#lane-0").bounding_box()
    assert 320 <= first["width"] <= 330
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "phone"])
def test_axe_finds_nothing_on_a_board(page, cards, scheme, size):
    word, _ids = cards
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    axe = (dev_dir() / "axe.min.js").read_text()
    for query in (f"q={word}", f"q={word}&by=owner&open=done", "q=nothingatall"):
        goto(page, f"/things/board?{query}")
        page.evaluate(axe)
        found = page.evaluate(  # preloading, axe would write sheets that are imported into the page itself
            "() => axe.run({preload: false, "
            "runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        assert [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found["violations"]] == []
