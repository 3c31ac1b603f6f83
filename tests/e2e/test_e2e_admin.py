"""The first hour in a real browser: the welcome page, the first steps, a module switched off and on, a user invited."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from kumiko.access import accounts
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import transaction
from kumiko.jobs import enqueue
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids


@pytest.fixture
def fresh(live_app):
    """As before anybody answered the first questions; answered again afterwards."""
    from kumiko.operate import lifecycle

    with live_app.acting():
        settings.put({"admin.welcomed": False})
    yield live_app
    with live_app.acting():
        settings.put({"admin.welcomed": True})
        lifecycle.disable("deals")


def ready(page, path):
    page.goto(path)
    page.wait_for_selector("html[data-ready]")


def test_welcome_then_a_module_off_and_on_and_a_colleague_invited(page, fresh):
    page.goto("/")
    expect(page).to_have_url(f"{fresh.url}/welcome")
    page.get_by_label("Name of the company").fill("Acme Tools")
    page.get_by_label("Currency").select_option("USD")
    page.get_by_label("Empty").check()
    page.get_by_role("button", name="Start").click(timeout=60_000)  # switching on checks the module first
    expect(page.get_by_role("heading", name="First steps")).to_be_visible(timeout=40_000)
    expect(page.get_by_role("navigation", name="Main menu")).to_contain_text("Deals")

    ready(page, "/admin/plugins")
    page.get_by_role("switch", name="Switch off Deals").click()
    dialog = page.get_by_role("dialog", name="Switch off Deals")
    expect(dialog).to_contain_text("Nothing is deleted")
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("switch", name="Switch on Deals")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main menu")).not_to_contain_text("Deals")
    page.get_by_role("switch", name="Switch on Deals").click(timeout=60_000)
    expect(page.get_by_role("switch", name="Switch off Deals")).to_be_visible(timeout=40_000)

    ready(page, "/admin/users/new")
    page.get_by_label("Name").fill("Nia")
    page.get_by_label("E-mail").fill("nia@example.com")
    page.get_by_label("Seller").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#km-secret")).to_contain_text("/set-password/")


@pytest.fixture
def pages(live_app):
    """Every kind of page that administrators open, with something on it."""
    with live_app.acting():
        team = service.create("access.team", {"name": "North"}).id
        with transaction():
            job = enqueue("rest.forget_keys", {}, run_at=utc_now() + timedelta(days=1))
        user, role = accounts.get_user_id("anna@example.com"), min(all_ids(catalogue().get("access.role")))
    return (
        "/", "/admin/plugins", "/admin/plugins/deals", "/admin/users", "/admin/users/new", f"/admin/users/{user}",
        "/admin/teams", "/admin/teams/new", f"/admin/teams/{team}", f"/admin/teams/{team}/dissolve", "/admin/roles",
        "/admin/roles/new", f"/admin/roles/{role}", f"/admin/roles/{role}/fields/things", "/admin/settings",
        "/admin/jobs", f"/admin/jobs/{job}", "/admin/log", "/admin/health", "/profile", "/import", "/notices",
        "/admin/fields/things", "/admin/sign-in", "/admin/mail", "/admin/leaks", "/admin/backups",
        "/admin/personal-data", "/exports", "/journal", "/duplicates/persons", "/bin",
    )  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), pytest.param("light", 390, marks=pytest.mark.soak)])
def test_axe_finds_nothing_on_pages_of_administrators(page, axe, live_app, pages, scheme, width):
    with live_app.acting():
        settings.put({"admin.welcomed": True})
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    assert {path: said for path in pages if (said := axe(path))} == {}


@pytest.mark.parametrize("name", ["plugins", "plugins/deals", "users", "roles", "settings", "health"])
def test_pages_of_administrators_fit_a_phone(page, live_app, name):
    page.set_viewport_size({"width": 390, "height": 844})
    ready(page, f"/admin/{name}")

    assert page.evaluate("() => document.querySelector('main').scrollWidth") <= 390
