"""A day's work in a real browser, through the screens that serve every record type."""

import re
import threading

import pytest
from playwright.sync_api import expect

from kumiko.records import service

pytestmark = pytest.mark.e2e


def goto(page, path):
    page.goto(path)
    page.wait_for_selector("html[data-ready]")


@pytest.fixture
def things(live_app):
    topic = live_app.create("sample.topic", {"name": "Alpha"})
    prefix = f"Shelf {topic}"
    ids = [
        live_app.create("sample.thing", {"name": f"{prefix} lamp {n}", "code": f"L{n}", "size": n, "topic": topic,
                                         "price": {"value": f"{n}00.00", "currency": "EUR"}})
        for n in range(1, 4)
    ]  # fmt: skip
    return prefix, ids


def test_from_the_list_to_a_changed_value_and_back(page, live_app, things):
    prefix, ids = things
    goto(page, "/things")
    page.keyboard.press("/")
    page.keyboard.type(prefix)
    page.wait_for_url("**/things?q=*")
    expect(page.locator("#km-rows tr[id]")).to_have_count(3)
    expect(page.locator(".km-sum")).to_contain_text("3 things")
    cell = page.locator(f"#r{ids[0]} [data-f=price]")
    cell.locator("button").click()
    page.locator(".km-cell-form input[name=price]").fill("4,200.5")
    page.keyboard.press("Enter")
    expect(cell).to_have_text("€4,200.50")
    assert live_app.values("sample.thing", ids[0])["price"].minor == 420050
    page.get_by_role("button", name="Undo").click()
    expect(cell).to_have_text("€100.00")


def test_a_wrong_value_keeps_its_text_and_escape_restores(page, live_app, things):
    prefix, ids = things
    goto(page, f"/things?q={prefix}&columns=size,code")
    cell = page.locator(f"#r{ids[0]} [data-f=size]")
    cell.locator("button").click()
    page.locator(".km-cell-form input[name=size]").fill("many")
    page.keyboard.press("Enter")
    expect(page.locator(".km-cell-form [role=alert]")).to_contain_text("wanted a number")
    expect(page.locator(".km-cell-form input[name=size]")).to_have_value("many")
    page.locator(".km-cell-form input[name=size]").fill("8")
    page.keyboard.press("Enter")
    expect(cell).to_have_text("8")


def test_a_filter_is_added_and_removed(page, things):
    prefix, _ids = things
    goto(page, f"/things?q={prefix}")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator("#km-ff").select_option("size")
    page.locator("#km-fo").select_option("gte")
    page.locator("#km-filter-row input[name=size__gte]").fill("2")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#km-rows tr[id]")).to_have_count(2)
    assert "size__gte=2" in page.url
    page.get_by_role("link", name="Remove filter Size").click()
    expect(page.locator("#km-rows tr[id]")).to_have_count(3)


def test_a_card_takes_a_note_an_edit_and_an_action(page, live_app, things):
    _prefix, ids = things
    goto(page, f"/things/{ids[0]}")
    page.get_by_label("What happened?").fill("Called, wants two")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".km-tl")).to_contain_text("Called, wants two")
    page.locator("#p-code").get_by_role("button").click()
    page.locator(".km-cell-form input[name=code]").fill("NEW")
    page.keyboard.press("Enter")
    expect(page.locator("#p-code dd")).to_contain_text("NEW")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Finish").click()
    dialog = page.get_by_role("dialog", name="Finish")
    dialog.get_by_role("button", name="Finish").click()
    expect(page.locator("#p-state")).to_contain_text("Done")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator("#p-state")).to_contain_text("Open")


def test_the_palette_leads_to_a_record_and_c_makes_one(page, live_app, things):
    prefix, ids = things
    goto(page, "/things")
    page.keyboard.press("Control+k")
    page.keyboard.type(f"{prefix} lamp 2")
    expect(page.locator("#km-palette-list [role=option]").first).to_contain_text("lamp 2")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/things/{ids[1]}")
    goto(page, "/things")
    page.get_by_role("link", name="New thing").click()
    dialog = page.get_by_role("dialog", name="New thing")
    dialog.get_by_label("Price", exact=True).fill("lots")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_label("Price", exact=True)).to_have_value("lots")
    expect(dialog.locator("[role=alert]").first).to_be_visible()
    dialog.get_by_label("Name", exact=False).first.fill(f"{prefix} desk")
    dialog.get_by_label("Price", exact=True).fill("12")
    dialog.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile(r"/things/\d+$"))
    expect(page.locator("h1")).to_have_text(f"{prefix} desk")


def test_two_people_at_the_same_field_choose(page, live_app, things):
    _prefix, ids = things
    goto(page, f"/things/{ids[0]}/edit")
    live_app.update("sample.thing", ids[0], {"code": "THEIRS"})
    page.get_by_label("Code").fill("MINE")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("table.km-merge")).to_contain_text("THEIRS")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/things/{ids[0]}")
    expect(page.locator("#p-code")).to_contain_text("MINE")


def test_chosen_rows_are_changed_deleted_and_brought_back(page, live_app, things):
    prefix, ids = things
    goto(page, f"/things?q={prefix}&columns=size,code")
    page.locator(f"#r{ids[0]} input").check()
    page.locator(f"#r{ids[2]} input").check()
    page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog", name="Edit the chosen things")
    dialog.get_by_role("textbox", name="Size").fill("77")
    dialog.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Change 2 records").click()
    expect(page.locator(f"#r{ids[2]} [data-f=size]")).to_have_text("77")
    assert live_app.values("sample.thing", ids[0])["size"] == 77
    page.locator(f"#r{ids[1]} input").check()
    page.locator("#km-bulk").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Preview: delete things").get_by_role("button", name="Delete 1 record").click()
    expect(page.locator("#km-rows tr[id]")).to_have_count(2)
    goto(page, "/things/bin")
    page.locator("li", has_text="lamp 2").first.get_by_role("button", name="Restore").click()
    page.wait_for_url(re.compile(r"/things/\d+$"))


def test_everything_is_reached_by_keyboard_alone(page, things):
    prefix, ids = things
    goto(page, f"/things?q={prefix}&sort=name&columns=size,code")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press(" ")
    expect(page.locator("#km-peek h2")).to_have_text(f"{prefix} lamp 2")
    page.keyboard.press("Escape")
    expect(page.locator("#km-peek")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.locator("#km-bulk")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator(".km-cell-form")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".km-cell-form")).to_have_count(0)
    page.locator(f"#r{ids[1]}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/things/{ids[1]}")


@pytest.mark.parametrize("size", [(390, 844), (320, 700)])
def test_a_phone_scrolls_only_down(page, things, size):
    prefix, ids = things
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in (
        f"/things?q={prefix}",
        f"/things/{ids[0]}",
        f"/things/{ids[0]}/edit",
        "/search",
        f"/things/{ids[0]}/history",
    ):
        goto(page, path)
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, path


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1280, "light"),
        (390, "dark"),
        pytest.param(1280, "dark", marks=pytest.mark.soak),
        pytest.param(390, "light", marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing(page, axe, things, scheme, width):
    prefix, ids = things
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for path in (f"/things?q={prefix}", f"/things/{ids[0]}", f"/things/{ids[0]}/edit", f"/things/{ids[0]}/history",
                 f"/things/bulk?ids={ids[0]}", "/things/bin", f"/search?q={prefix}", "/things/999999",
                 f"/things?q={prefix}&group_by=state", "/things/filter?size__gte=2", "/things/columns",
                 "/things/views"):  # fmt: skip
        assert axe(path) == [], path
        page.bad[:] = [line for line in page.bad if "404" not in line]


def test_on_a_phone_the_note_box_is_in_sight_and_the_properties_unfold(page, axe, things):
    _prefix, ids = things
    page.set_viewport_size({"width": 390, "height": 844})
    goto(page, f"/things/{ids[0]}")
    note = page.get_by_label("What happened?")
    expect(note).to_be_in_viewport(ratio=1)
    expect(page.locator("#p-code")).to_be_hidden()
    page.get_by_text("Details", exact=True).click()
    expect(page.locator("#p-code")).to_be_visible()
    assert axe() == []
    note.fill("Called from the road")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".km-tl")).to_contain_text("Called from the road")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#p-code")).to_be_visible()
    expect(page.get_by_text("Details", exact=True)).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#p-code")).to_be_hidden()


def test_tags_of_chosen_rows_are_added_and_taken_back(page, live_app, things):
    prefix, ids = things
    goto(page, f"/things?q={prefix}&columns=tags")
    page.get_by_label("Select all rows shown").check()
    page.locator("#km-bulk").get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_role("combobox", name="Add tags")
    box.fill("spring")
    page.locator("#pop-_add_tags [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    expect(dialog.locator(".km-fchip")).to_contain_text("spring")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.locator(".km-samples")).to_contain_text("Tags: spring")
    dialog.get_by_role("button", name="Change 3 records").click()
    expect(page.locator("#km-toasts")).to_contain_text("3 records changed")
    assert [set(live_app.values("sample.thing", one)["tags"]) for one in ids] == [{"spring"}] * 3
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#km-toasts")).to_contain_text("3 records taken back")
    assert [set(live_app.values("sample.thing", one)["tags"]) for one in ids] == [set()] * 3


def test_many_rows_are_changed_by_a_job_whose_page_follows_it(page, axe, live_app, monkeypatch):
    from kumiko.jobs.worker import Worker
    from kumiko.records import bulk
    from kumiko.records.units import unit

    monkeypatch.setattr(bulk, "AT_ONCE", 50)  # the same work with fewer rows
    with live_app.acting(), unit():
        for number in range(60):
            service.create("sample.thing", {"name": f"Crate {number}", "size": number})
    goto(page, "/things?q=Crate")
    page.get_by_label("Select all rows shown").check()
    page.get_by_role("button", name="Select all that match").click()
    page.locator("#km-bulk").get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Size").fill("7")
    dialog.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview: change things")).to_be_visible()
    expect(page.locator("#km-bulk-job")).to_contain_text("Waits for a worker process")
    page.wait_for_selector("html[data-ready]")
    assert axe() == []
    worker = Worker(live_app.host, threading.Event())
    while worker.run_once():  # others may have left work behind
        pass
    expect(page.locator("#km-bulk-job")).to_contain_text("59 would change, 1 are so already, 0 are refused.")
    expect(page.locator(".km-samples")).to_contain_text("Size: ")
    assert axe() == []
    page.get_by_role("button", name="Change 59 records").click()
    expect(page.get_by_role("heading", name="Change many things")).to_be_visible()
    while worker.run_once():
        pass
    expect(page.locator("#km-bulk-job")).to_contain_text("59 records changed.")  # one had that size
    assert axe() == []
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#km-bulk-job")).to_contain_text("Undone")
    expect(page.locator("#km-toasts")).to_contain_text("59 records taken back")
