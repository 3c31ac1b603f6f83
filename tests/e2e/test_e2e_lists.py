"""Lists by keyboard alone: a filter put together, groups opened, columns widened, all kept as a view."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def goto(page, path):
    page.goto(path)
    page.wait_for_selector("html[data-ready]")


def test_a_filter_groups_and_columns_are_made_with_the_keyboard_and_kept_as_a_view(page, live_app):
    topic = live_app.create("sample.topic", {"name": "Oak"})
    for number in range(6):
        live_app.create("sample.thing", {"name": f"Keyed {number}", "code": "c", "size": number, "topic": topic,
                                         "state": "done" if number < 2 else "open"})  # fmt: skip
    goto(page, "/things?q=Keyed")
    page.get_by_role("button", name="Filter", exact=True).press("Enter")
    page.get_by_role("link", name="More conditions, with and / or").press("Enter")
    page.wait_for_url("**/things/filter?*")
    page.wait_for_selector("html[data-ready]")
    page.focus("[id='f-n.0.f']")
    page.keyboard.type("Size")
    page.keyboard.press("Tab")
    page.wait_for_selector("[id='f-n.0.op']")
    page.focus("[id='f-n.0.op']")
    page.keyboard.type("at least")
    page.wait_for_selector("[id='f-n.0.v']")
    page.wait_for_timeout(600)
    page.focus("[id='f-n.0.v']")
    page.keyboard.type("1")
    expect(page.locator("#km-fe-said")).to_contain_text("Size at least 1")
    page.focus("[id='f-n.add']")
    page.keyboard.press("Enter")
    expect(page.locator("[id='f-n.1.f']")).to_be_focused()
    page.locator("[id='f-n.1.f']").select_option("owner")
    page.wait_for_selector("[id='f-n.1.op']")
    page.locator("[id='f-n.1.op']").select_option("empty")
    expect(page.locator("#km-fe-said")).to_contain_text("Size at least 1 and Owner is empty")
    page.locator("[data-apply]").press("Enter")
    page.wait_for_url("**/things?*size__gte=1*")
    expect(page.locator("#km-rows tr[id]")).to_have_count(5)

    page.locator("select[name=group_by]").select_option("state")
    page.wait_for_url("**group_by=state**")
    heads = page.locator("[data-group]")
    expect(heads).to_have_count(2)
    expect(page.locator("#km-rows tr[id]")).to_have_count(4)  # the first group opens by itself
    heads.nth(1).press("Enter")
    expect(page.locator("#km-rows tr[id]")).to_have_count(5)
    heads.nth(0).press("Enter")
    expect(page.locator("#km-rows tr[id]:visible")).to_have_count(1)

    page.get_by_role("separator", name="Width of Code").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**columns=name,code:*")
    width = page.locator("th[data-name=code]").evaluate("el => el.offsetWidth")
    page.get_by_role("link", name="Save view").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Keyed ones")
    page.keyboard.press("Enter")
    page.wait_for_url("**view=*")
    goto(page, "/things")
    page.get_by_role("link", name="Keyed ones").press("Enter")
    page.wait_for_url("**view=*")
    expect(page.locator("[data-group]")).to_have_count(2)
    assert abs(page.locator("th[data-name=code]").evaluate("el => el.offsetWidth") - width) <= 1
