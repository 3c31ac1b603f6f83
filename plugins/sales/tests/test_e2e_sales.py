"""Pipelines and the board of deals in a browser: by keyboard, by dragging, two people at once, readable for all."""

import threading

import pytest
import sales_web
from playwright.sync_api import expect
from werkzeug.serving import make_server

from kumiko.host.config import Config
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko_assets import dev_dir
from kumiko_sales.funnel import funnel
from kumiko_testing.policy import chromium_path
from kumiko_testing.ports import free_port

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": chromium_path(),
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"],
    }


class LiveSales(sales_web.Web):
    """The same house behind a port."""

    def __init__(self, folder):
        url, port = f"sqlite:///{folder}/sales.db", free_port()
        sales_web.build_web(url)
        self.url = f"http://127.0.0.1:{port}"
        self.database = Database.open(url)
        config = Config(home=folder, database_url=url, secret_key="e" * 40, base_url=self.url, threads=4)
        self.host = Host(config, database=self.database)
        self.server = make_server("127.0.0.1", port, self.host, threaded=True)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    made = LiveSales(tmp_path_factory.mktemp("e2e_sales"))
    yield made
    made.server.shutdown()
    made.database.close()


@pytest.fixture
def page(browser, live):
    """Signed in as an administrator; fails on script errors and on what the content policy stopped."""
    context = browser.new_context(
        base_url=live.url, viewport={"width": 1440, "height": 900}, locale="en-US", timezone_id="UTC",
        reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(10_000)
    bad = []
    page.on("pageerror", lambda error: bad.append(f"error: {error}"))
    page.on("console", lambda said: bad.append(f"console: {said.text}") if said.type == "error" else None)
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("root@example.com")
    page.get_by_label("Password", exact=True).fill(sales_web.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    context.close()
    assert [line for line in bad if "status of 422" not in line] == []


def goto(page, path):
    page.goto(path)
    page.wait_for_selector("html[data-ready]")


def stored(live, name):
    with live.acting():
        pipeline = next(one for one in funnel().pipelines if one.name == name)
        return [one.name for one in pipeline.offered()]


def press_on(page, locator, key="Enter"):
    locator.focus()
    page.keyboard.press(key)


def test_a_pipeline_is_made_named_ordered_and_ruled_by_keyboard_alone(page, live):
    goto(page, "/pipelines")
    press_on(page, page.get_by_role("link", name="New pipeline"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Partners")
    page.keyboard.press("Enter")
    page.wait_for_url("**/setup")
    page.wait_for_selector("html[data-ready]")
    for name in ("Contact", "Contract"):
        page.locator("#f-new-name").focus()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(page.locator(".sales-stage").get_by_label("Name").filter(visible=True).nth(1)).not_to_have_value("Won")
        expect(page.get_by_role("form", name=name)).to_be_visible()
        page.wait_for_selector("html[data-ready]")
    assert stored(live, "Partners") == ["New", "Contact", "Contract", "Won", "Lost"]
    # up, and the focus stays on the button that still works
    press_on(page, page.get_by_role("button", name="Move “Contract” up"))
    expect(page.locator(".km-toast").last).to_contain_text("Order saved")
    expect(page.get_by_role("button", name="Move “Contract” up")).to_be_focused()
    assert stored(live, "Partners") == ["New", "Contract", "Contact", "Won", "Lost"]
    # rules of one stage, wrong first
    row = page.locator("li.sales-stage", has=page.get_by_role("form", name="Contract"))
    press_on(page, row.locator("summary"))
    press_on(page, row.get_by_label("Amount"), "Space")
    row.get_by_label("Most deals at once").focus()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    expect(row.locator(".km-error")).to_contain_text("many")
    expect(row.get_by_label("Most deals at once")).to_be_focused()
    expect(row.get_by_label("Amount")).to_be_checked()
    page.keyboard.press("Control+A")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(row.locator(".sales-told")).to_contain_text("at most 5 deals")
    expect(row.locator(".sales-told")).to_contain_text("Amount needed")
    expect(row.get_by_role("button", name="Save")).to_be_focused()
    expect(page.locator(".km-toast").last).to_contain_text("Saved")


def test_dragging_orders_and_undo_takes_it_back(page, live):
    page.set_viewport_size({"width": 1440, "height": 1600})
    goto(page, f"/pipelines/{live.pipeline_id}/setup")
    before = stored(live, "Sales")
    grips = page.locator(".sales-grip")
    start, end = grips.nth(0).bounding_box(), grips.nth(2).bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, start["y"] + 50, steps=5)
    page.mouse.move(end["x"] + 8, end["y"] + 40, steps=8)
    page.wait_for_timeout(200)
    page.mouse.up()
    expect(page.locator(".km-toast").last).to_contain_text("Order saved")
    assert stored(live, "Sales")[0] == "Qualification"
    assert sorted(stored(live, "Sales")) == sorted(before)
    moved = page.locator("li.sales-stage", has=page.get_by_role("form", name="Prospecting"))
    moved.get_by_label("Probability").fill("11")
    moved.get_by_role("button", name="Save").click()
    expect(page.locator(".km-toast").last).to_contain_text("Saved")
    page.locator(".km-toast", has_text="Order saved").locator("[data-undo]").click()
    expect(page.locator(".sales-stage").first.get_by_label("Name")).to_have_value("Prospecting")
    assert stored(live, "Sales") == before


def test_moving_a_deal_from_its_card(page, live):
    with live.acting():
        from sales_lab import new_deal

        deal_id = new_deal()
    goto(page, f"/deals/{deal_id}")
    page.get_by_role("link", name="Lost", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Competitor")).to_be_visible()
    dialog.get_by_label("Stage").select_option(label="Proposal")
    expect(dialog.get_by_label("Competitor")).to_have_count(0)
    expect(dialog.get_by_label("Stage")).to_be_focused()
    dialog.get_by_role("button", name="Move").click()
    expect(page.locator(".sales-way")).to_contain_text("Proposal, stage 3 of 4")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)])
def test_axe_finds_nothing(page, live, scheme, width):
    with live.acting():
        from sales_lab import new_deal

        deal_id = new_deal()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    axe = (dev_dir() / "axe.min.js").read_text()
    for path in (f"/pipelines/{live.pipeline_id}/setup", f"/pipelines/{live.pipeline_id}", f"/deals/{deal_id}",
                 f"/deals/{deal_id}/actions/move"):  # fmt: skip
        goto(page, path)
        for summary in page.locator("main details > summary").all():
            if summary.is_visible():  # wide pages show the properties without their summary
                summary.click()
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path
        page.evaluate(axe)
        found = page.evaluate(  # without preload: axe would write sheets that are imported into the page itself
            "() => axe.run({preload: false, "
            "runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        said = [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found["violations"]]
        assert said == [], path


def make_cards(live, *names):
    with live.acting():
        from sales_lab import new_deal

        return [new_deal(name=name, amount={"value": "1000.00", "currency": "EUR"}) for name in names]


def test_a_deal_is_won_by_keyboard_on_the_board_and_undone(page, live):
    (deal_id,) = make_cards(live, "Board and win")
    with live.acting():
        from sales_lab import place

        before = place(deal_id)
    goto(page, "/deals/board?q=Board+and+win&open=" + str(stage_id(live, "Won")))
    page.locator(f"#c{deal_id}").focus()
    page.keyboard.press("m")
    page.locator("#km-card-menu").get_by_role("button", name="Won").click()
    expect(page.locator(".km-toast").last).to_contain_text("moved to Won")
    with live.acting():
        assert place(deal_id) == ("Won", 100, "won")
    page.locator(".km-toast", has_text="moved to Won").locator("[data-undo]").click()
    won = page.locator(f".km-lane-cards[data-lane='{stage_id(live, 'Won')}'] #c{deal_id}")
    expect(won).to_have_count(0)
    expect(page.locator(f"#c{deal_id}")).to_contain_text("Board and win")
    with live.acting():
        assert place(deal_id) == before


def test_losing_on_the_board_asks_for_the_reason_and_keeps_the_place(page, live):
    with live.acting():
        from sales_lab import place, price

        reason = price()
    first, second = make_cards(live, "Losing one", "Losing two")
    goto(page, "/deals/board?q=Losing&open=" + str(stage_id(live, "Lost")))
    for deal_id in (first, second):
        page.locator(f"#c{deal_id}").focus()
        page.keyboard.press("m")
        page.locator("#km-card-menu").get_by_role("button", name="Lost").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("combobox", name="Lost reason")).to_be_focused()
        expect(dialog.get_by_label("Above the deal")).to_have_count(0)
        page.keyboard.type("Price")
        dialog.get_by_role("option", name="Price").click()
        dialog.get_by_role("button", name="Move").click()
        expect(dialog).to_be_hidden()
        expect(page.locator(f"#c{deal_id}")).to_be_visible()
    with live.acting():
        from kumiko import get

        assert place(first) == place(second) == ("Lost", 0, "lost")
        assert get("deals.deal", second).link_id("lost_reason") == reason


def test_two_people_at_one_card_and_a_deal_won_a_second_ago(page, live):
    (deal_id,) = make_cards(live, "Contested")
    goto(page, "/deals/board?q=Contested")
    with live.acting():
        from kumiko import run_action

        run_action("deals.deal", deal_id, "win", {})
    page.locator(f"#c{deal_id}").focus()
    page.keyboard.press("]")
    expect(page.locator(".km-toast.is-error, .km-toast.is-warn").last).to_contain_text("before you")
    with live.acting():
        from sales_lab import place

        assert place(deal_id) == ("Won", 100, "won")


def test_a_full_stage_says_so_and_the_card_stays(page, live):
    (deal_id,) = make_cards(live, "Beyond the limit")
    with live.acting():
        from sales_lab import STAGE, new_deal, place

        from kumiko import update

        before = place(deal_id)
        new_deal(stage=stage_id(live, "Negotiation"))
        update(STAGE, stage_id(live, "Negotiation"), {"wip_limit": 1})
    goto(page, "/deals/board?q=Beyond")
    page.locator(f"#c{deal_id}").focus()
    page.keyboard.press("m")
    page.locator("#km-card-menu").get_by_role("button", name="Negotiation").click()
    expect(page.locator(".km-toast").last).to_contain_text("holds 1 of at most 1 deals; move one on first")
    with live.acting():
        assert place(deal_id) == before
        update(STAGE, stage_id(live, "Negotiation"), {"wip_limit": None})


def stage_id(live, name):
    with live.acting():
        default = next(one for one in funnel().pipelines if one.id == live.pipeline_id)
        return next(one.id for one in default.stages if one.name == name)
