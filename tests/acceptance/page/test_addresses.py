"""What an address asks for is shown; what it cannot ask for is said, and nothing is ever blank."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.page.conftest import Viewed
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

COUNT_REPLACED = """() => {
    window.replaced = 0;
    const replace = history.replaceState;
    history.replaceState = function (...given) { window.replaced++; replace.apply(history, given); };
}"""


def text_is(page: Page, text: str) -> None:
    page.wait_for_url(lambda url: f"text={text}" in url)


@pytest.mark.parametrize("path", ["history", "waiting"])
def test_a_search_keeps_the_spaces_that_are_typed_and_comes_to_rest(viewed: Viewed, path: str) -> None:
    page = viewed.page
    viewed.go(path)
    field = page.get_by_label("Search")
    field.press_sequentially("Look ")
    text_is(page, "Look")
    page.evaluate(COUNT_REPLACED)
    field.press_sequentially("after ")
    text_is(page, "Look+after")
    expect(field).to_have_value("Look after ")
    page.reload()
    expect(field).to_have_value("Look after")
    viewed.go(f"{path}?text=Look+after+")
    page.evaluate(COUNT_REPLACED)
    expect(field).to_have_value("Look after ")
    # A new search goes through, and only once.
    field.press("End")
    field.press_sequentially("x")
    text_is(page, "Look+after+x")
    assert page.evaluate("window.replaced") <= 2


def test_no_address_leaves_the_page_blank(viewed: Viewed) -> None:
    page = viewed.page
    job = viewed.dispatch("page.quick")
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    viewed.go("new/%E0%A4%A")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such kind of job here")
    for since in ("1e9", "-3", "soon"):
        viewed.go(f"history?since={since}")
        expect(viewed.job(job)).to_be_visible()
    viewed.go("jobs/%E0%A4%A")
    expect(page.get_by_role("heading", level=1)).to_have_text("This job cannot be shown")
    viewed.trouble.clear()


def test_a_part_that_breaks_says_so_with_a_way_on(viewed: Viewed) -> None:
    page = viewed.page
    page.route("**/api/schedules*", lambda route: route.fulfill(json={"schedules": [{"id": "what"}]}))
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_have_text("This part of the page cannot be shown")
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History")
    page.get_by_role("navigation").get_by_role("link", name="Jobs").click()
    page.unroute("**/api/schedules*")
    page.get_by_role("button", name="Load it again").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    viewed.trouble.clear()


def test_a_state_that_a_list_has_not_means_all_that_it_has(viewed: Viewed) -> None:
    page = viewed.page
    waits = [viewed.dispatch("page.waits", gate=str(viewed.root / "gate"), number=number) for number in range(3)]
    done = viewed.dispatch("page.quick")
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    eventually(lambda: viewed.get("statistics")["running"] == 1)
    viewed.go("history?state=running")
    expect(page.locator("[data-job]")).to_have_count(1)
    expect(viewed.job(done)).to_be_visible()
    expect(page.get_by_role("radio", name="All")).to_be_checked()
    page.get_by_role("button", name="Clear these").click()
    dialog = page.get_by_role("dialog", name="Clear 1 job from the history?")
    expect(dialog).to_be_visible()
    expect(dialog).not_to_contain_text("--all")
    viewed.go("waiting?state=running")
    expect(page.locator("[data-job]")).to_have_count(2)
    expect(page.get_by_text("2 jobs.", exact=True)).to_be_visible()
    assert viewed.get("jobs/waiting")["jobs"][0]["id"] == waits[1]


def test_today_is_another_day_after_midnight(viewed: Viewed) -> None:
    page = viewed.page
    job = viewed.dispatch("page.quick")
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    made = datetime.fromisoformat(viewed.get(f"jobs/{job}")["created_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    midnight = made.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    page.clock.install(time=midnight - timedelta(minutes=2))
    viewed.go("history?since=1")
    expect(viewed.job(job)).to_be_visible()
    page.clock.fast_forward("03:00")
    expect(page.get_by_text("No job that has ended is like this.")).to_be_visible()


def test_the_search_of_the_library_is_in_the_address(viewed: Viewed) -> None:
    page = viewed.page
    pictures = viewed.root / "Pictures"
    pictures.mkdir()
    for number in range(205):
        (pictures / f"IMG_{number:04}.jpg").write_bytes(b"a picture")
    viewed.dispatch("indexer", root=str(pictures))
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    viewed.go("library")
    expect(page.get_by_text("Only the first 200 are shown.")).to_be_visible()
    field = page.get_by_label("Search by name")
    field.fill("IMG 0003")
    text_is(page, r"IMG+0003")
    page.reload()
    expect(field).to_have_value("IMG 0003")
    expect(page.get_by_role("row").filter(has_text="IMG_0003.jpg")).to_have_count(1)
    field.fill("IMG")
    expect(
        page.get_by_role("status").filter(has_text="The first 200 are shown, and there may be more.")
    ).to_be_visible()
    page.get_by_role("link", name="Library", exact=True).click()
    page.wait_for_url(re.compile("/library$"))
    expect(field).to_have_value("")


def test_the_key_for_the_search_leads_to_a_field_from_everywhere(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("harbour")
    text_is(page, "harbour")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_text("To what waits")).to_be_visible()
