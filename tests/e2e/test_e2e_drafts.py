"""What somebody typed outlives the end of the session."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def test_a_form_sent_after_the_session_ended_is_filled_again_after_signing_in(page, live_app, sign_in_again):
    page.goto("/things/new")
    page.wait_for_selector("html[data-ready]")
    page.fill("main [name=name]", "Typed before")
    page.context.clear_cookies(name="km_session")
    page.click(".km-form-foot .is-primary")
    sign_in_again(page)
    expect(page.locator("main [name=name]")).to_have_value("Typed before")
    expect(page.locator("#km-toasts")).to_contain_text("not saved yet")


@pytest.fixture
def sign_in_again():
    def act(page):
        page.wait_for_url("**/sign-in?next=/things/new")
        page.get_by_label("E-mail").fill("root@example.com")
        page.get_by_label("Password", exact=True).fill("three blue rivers")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/things/new")

    return act
