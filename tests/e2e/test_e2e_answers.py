"""Answers that do not come: the page says what it knows, and never that nothing was changed when it cannot know."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


@pytest.fixture
def card(page, live_app):
    """A card on which a first value is being typed, and whose requests wait 400 ms at most."""
    thing = live_app.create("sample.thing", {"name": "Slow lamp", "code": "OLD"})
    page.goto(f"/things/{thing}")
    page.wait_for_selector("html[data-ready]")
    page.evaluate("async () => { (await import('htmx')).default.config.defaultTimeout = 400 }")
    yield thing
    expected = ("console: htmx: htmx:error", "ERR_CONNECTION_RESET", "ERR_INTERNET_DISCONNECTED")
    page.bad[:] = [line for line in page.bad if not any(word in line for word in expected)]


def typed(page):
    page.locator("#p-code").get_by_role("button").click()
    page.locator(".km-cell-form input[name=code]").fill("NEW")
    page.keyboard.press("Enter")


def test_a_change_without_an_answer_in_time_may_have_been_made(page, live_app, card):
    late = []

    def hold(route):
        if route.request.method == "POST":
            route.fetch()  # the server does it; the browser never hears of it
            late.append(route)
        else:
            route.continue_()

    page.route("**/cell/code*", hold)
    typed(page)
    toast = page.locator("#km-toasts")
    expect(toast).to_contain_text("The answer did not come in time. The change may or may not have been made")
    expect(toast).not_to_contain_text("Nothing was changed")
    expect(page.locator(".km-cell-form input[name=code]")).to_have_value("NEW")
    assert (len(late), live_app.values("sample.thing", card)["code"]) == (1, "NEW")


def test_a_page_part_without_an_answer_in_time_is_asked_for_again(page, card):
    page.route("**/cell/code*", lambda route: None)
    page.locator("#p-code").get_by_role("button").click()
    expect(page.locator("#km-toasts")).to_contain_text("The answer did not come in time. Try again.")


def test_a_connection_that_breaks_promises_nothing(page, card):
    page.route(
        "**/cell/code*",
        lambda route: route.abort("connectionreset") if route.request.method == "POST" else route.continue_(),
    )
    typed(page)
    toast = page.locator("#km-toasts")
    expect(toast).to_contain_text("The connection broke. The change may or may not have been made")


def test_without_a_network_nothing_leaves_and_nothing_is_changed(page, context, live_app, card):
    page.locator("#p-code").get_by_role("button").click()
    page.locator(".km-cell-form input[name=code]").fill("NEW")
    context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("#km-toasts")).to_contain_text("No connection. Nothing was changed.")
    context.set_offline(False)
    assert live_app.values("sample.thing", card)["code"] == "OLD"
