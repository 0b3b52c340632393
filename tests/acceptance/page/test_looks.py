"""What the page looks like where names are hostile, colours are few, text is large, or paper is what it is on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.page.conftest import Viewed
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

BEYOND = """() => {
    const beyond = [...document.querySelectorAll("header.top a, header.top button")]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.innerText);
    return [document.documentElement.scrollWidth - innerWidth, ...beyond];
}"""


def fails(viewed: Viewed, source: str, message: str = "no card") -> str:
    """A job with a hostile name that needs somebody."""
    count = viewed.get("statistics")["failed"]
    job = viewed.dispatch("file_copy", sources=[source], destination=str(viewed.root / "Backup"))
    eventually(lambda: viewed.get("statistics")["failed"] == count + 1, what=message)
    return job


def height(page: Page, selector: str) -> float:
    found = page.locator(selector).first.evaluate("it => it.getBoundingClientRect().height")
    assert isinstance(found, float | int)
    return found


def test_names_without_end_leave_the_page_as_wide_and_as_high_as_it_is(viewed: Viewed) -> None:
    page = viewed.page
    page.set_viewport_size({"width": 360, "height": 740})
    wide = fails(viewed, f"/{chr(0x3000) * 30}")
    long = fails(viewed, "/" + "/".join(["x" * 250] * 15))
    viewed.go()
    for job in (wide, long):
        expect(viewed.part("Needs you").locator(f'[data-job="{job}"]')).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for selector in (f'article[data-job="{long}"] h3', f'article[data-job="{long}"] .said'):
        assert height(page, selector) < 200, selector
    for job in (wide, long):
        viewed.go(f"jobs/{job}")
        expect(page.locator(".state strong")).to_have_text("Failed")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert height(page, "h1") < 250
    title = page.locator("h1 [title]").get_attribute("title")
    assert title is not None
    assert "x" * 250 in title


def test_what_is_invisible_in_a_value_is_written_out(viewed: Viewed) -> None:
    job = viewed.dispatch("page.quick", text="a\u3164b\u115fc\u2800d\u034fe")
    viewed.go(f"jobs/{job}")
    expect(viewed.part("What it was told").get_by_role("definition").last).to_have_text(
        r"a\u3164b\u115fc\u2800d\u034fe"
    )


def test_messages_come_one_at_a_time_where_it_is_narrow(viewed: Viewed) -> None:
    page = viewed.page
    page.set_viewport_size({"width": 360, "height": 740})
    jobs = [viewed.dispatch("page.waits", gate=str(viewed.root / "gate"), number=number) for number in range(4)]
    viewed.go()
    for job in jobs[1:]:
        viewed.part("Waiting").locator(f'[data-job="{job}"]').get_by_role("button", name="Pause").click()
        expect(viewed.part("Waiting").locator(f'[data-job="{job}"]')).to_have_attribute("data-status", "paused")
    messages = page.get_by_role("region", name="Messages")
    expect(messages.locator(".notice")).to_have_count(1)
    expect(messages).to_contain_text("+2 more")
    expect(messages.locator("code")).to_be_hidden()
    messages.get_by_role("button", name="Close this message").click()
    expect(messages).to_contain_text("+1 more")


def test_a_job_that_is_done_looks_so(viewed: Viewed) -> None:
    page = viewed.page
    (viewed.root / "Pictures").mkdir()
    (viewed.root / "Pictures" / "1.jpg").write_bytes(b"a picture")
    job = viewed.dispatch("file_copy", sources=[str(viewed.root / "Pictures")], destination=str(viewed.root / "Backup"))
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    viewed.go(f"jobs/{job}")
    expect(page.locator(".state strong")).to_have_text("Done")
    steps = page.get_by_role("list", name="Steps").get_by_role("listitem")
    expect(steps.last).to_have_class("done")
    expect(page.get_by_role("list", name="Steps").locator("[aria-current]")).to_have_count(0)
    assert bar_colour(page) == page.locator(".dot").first.evaluate("dot => getComputedStyle(dot).backgroundColor")


def bar_colour(page: Page) -> str:
    found = page.locator(".bar > div").evaluate("bar => getComputedStyle(bar).backgroundColor")
    assert isinstance(found, str)
    return found


def test_where_colours_are_few_what_is_chosen_and_what_is_drawn_is_seen(viewed: Viewed) -> None:
    page = viewed.page
    viewed.dispatch("page.quick")
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    page.emulate_media(forced_colors="active")
    viewed.go("history")
    background = "it => getComputedStyle(it).backgroundColor"
    tabs = page.get_by_role("navigation")
    assert tabs.locator("[aria-current]").evaluate(background) != tabs.get_by_role("link").first.evaluate(background)
    chips = page.locator(".filters .choice span")
    assert chips.first.evaluate(background) != chips.last.evaluate(background)
    bar = page.locator(".week-bars .column > span").last
    assert bar.evaluate(background) != page.locator("body").evaluate(background)


def test_on_paper_the_page_is_light_and_has_nothing_to_press(viewed: Viewed) -> None:
    page = viewed.page
    viewed.dispatch("page.waits", gate=str(viewed.root / "gate"))
    page.emulate_media(color_scheme="dark")
    viewed.go()
    expect(viewed.part("Running").locator("article")).to_be_visible()
    page.emulate_media(color_scheme="dark", media="print")
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("link", name="New job")).to_have_count(0)
    expect(viewed.part("Running").get_by_role("link", name="Wait for the scanner")).to_be_visible()
    assert page.locator("body").evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(250, 248, 244)"


def test_text_that_is_twice_as_large_stays_within_a_telephone(viewed: Viewed) -> None:
    page = viewed.page
    page.set_viewport_size({"width": 360, "height": 740})
    viewed.dispatch("page.waits", gate=str(viewed.root / "gate"))
    for path in ("", "history", "library"):
        viewed.go(path)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("…")
        expect(page.get_by_role("link", name="New job")).to_be_visible()
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(BEYOND) == [0], path


def test_what_needs_somebody_does_not_push_away_what_runs(viewed: Viewed) -> None:
    page = viewed.page
    for number in range(8):
        viewed.dispatch("page.fails", sources=["/x"], destination="/y", message=f"no card in slot {number}")
    eventually(lambda: viewed.get("statistics")["failed"] == 8)
    viewed.go()
    cards = viewed.part("Needs you").locator("article")
    expect(viewed.part("Needs you")).to_contain_text("8 things")
    expect(cards).to_have_count(5)
    page.get_by_role("button", name="Show 3 more").focus()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(8)
    expect(page.get_by_role("button", name="Fewer")).to_be_focused()
