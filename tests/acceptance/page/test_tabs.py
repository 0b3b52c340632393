"""Several tabs of one browser: what one does the others know, and none takes what another needs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.conftest import Viewed
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

HIDDEN = (
    """Object.defineProperty(document, "visibilityState", { configurable: true, get: () => window.seen ?? "hidden" })"""
)


#: Answers are fetched and kept from the page until they are given.
SLOW_ANSWERS = """() => {
  window.quick = window.fetch;
  window.held = [];
  window.fetch = async (...request) => {
    const answer = await window.quick(...request);
    await new Promise((give) => window.held.push(give));
    return answer;
  };
}"""


def test_what_is_put_aside_in_one_tab_is_so_in_the_other_and_neither_forgets(viewed: Viewed) -> None:
    for number in range(2):
        viewed.dispatch("page.fails", sources=["/x"], destination="/y", message=f"no card in slot {number}")
    eventually(lambda: viewed.get("statistics")["failed"] == 2)
    tabs = [viewed.page, viewed.page.context.new_page()]
    for page in tabs:
        page.goto(viewed.url)
        expect(page.get_by_text("no card in slot", exact=False).first).to_be_visible()
    cards = [page.get_by_role("region", name="Needs you").locator("article") for page in tabs]
    cards[0].filter(has_text="slot 0").get_by_role("button", name=re.compile("^Put aside")).click()
    expect(cards[1]).to_have_count(1)
    cards[1].filter(has_text="slot 1").get_by_role("button", name=re.compile("^Put aside")).click()
    expect(cards[0]).to_have_count(0)
    for page in tabs:
        page.reload()
        expect(page.get_by_role("region", name="History").locator("[data-job]")).to_have_count(2)
        expect(page.get_by_role("region", name="Needs you")).to_have_count(0)


def test_a_tab_that_was_opened_in_the_background_takes_no_stream_until_it_is_seen(viewed: Viewed) -> None:
    page = viewed.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/events" in request.url else None)
    page.add_init_script(HIDDEN)
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    assert asked == []
    page.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: len(asked) == 1, what="the stream")
    job = viewed.dispatch("page.quick")
    expect(viewed.part("History").locator(f'[data-job="{job}"]')).to_be_visible()


def test_who_was_signed_out_in_another_tab_is_told_with_a_way_back(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.context.clear_cookies()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("You are signed out.").first).to_be_visible()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Sign in again to go on.")
    expect(page.get_by_text("No job that has ended is like this.")).to_have_count(0)
    expect(page.get_by_text("Authorization")).to_have_count(0)
    viewed.trouble.clear()


def test_an_answer_that_was_on_its_way_does_not_say_signed_in_again(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.evaluate(SLOW_ANSWERS)
    page.get_by_role("link", name="Library", exact=True).click()
    eventually(lambda: page.evaluate("window.held.length") > 0, what="an answer that is held back")
    page.evaluate("window.fetch = window.quick")
    page.context.clear_cookies()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.evaluate("window.held.forEach((give) => give())")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.get_by_role("link", name="Sign in").is_visible()
    viewed.trouble.clear()


def test_nothing_is_offered_until_it_is_known_what_one_may(viewed: Viewed) -> None:
    page = viewed.page
    viewed.dispatch("page.waits", gate=str(viewed.root / "gate"))
    page.route("**/api/overview", lambda route: route.fulfill(status=404, json={"detail": "not yet", "code": "x"}))
    viewed.go()
    expect(viewed.part("Running").locator("article")).to_be_visible()
    for name in ("Pause", "Cancel"):
        expect(page.get_by_role("button", name=re.compile(f"^{name}"))).to_have_count(0)
    expect(page.get_by_role("link", name="New job")).to_have_count(0)
    page.unroute("**/api/overview")
    page.reload()
    expect(page.get_by_role("button", name=re.compile("^Pause: "))).to_be_visible()
    viewed.trouble.clear()
