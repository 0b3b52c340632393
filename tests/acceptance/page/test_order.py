"""What waits is put in another order: by mouse, by touch, by keys alone; and so it runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from spacedrive_jobs import Library
from tests.acceptance.page.conftest import Viewed, apart, open_page
from tests.acceptance.page.page_jobs import quick
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def five_wait(viewed: Viewed) -> list[str]:
    """Behind one that runs until its gate is opened; one at a time."""
    gate = str(viewed.root / "gate")
    running, *waiting = [viewed.dispatch("page.waits", gate=gate, number=number) for number in range(6)]
    eventually(lambda: viewed.get(f"jobs/{running}")["status"] == "running")
    return waiting


def in_store(viewed: Viewed) -> list[str]:
    return [job["id"] for job in viewed.get("jobs/waiting", limit=1_000)["jobs"]]


def rows_of(page: Page) -> Locator:
    return page.get_by_role("table", name="Jobs that wait").locator("[data-job]")


def expect_order(viewed: Viewed, wanted: list[str], page: Page | None = None) -> None:
    """On the page, and then in the store."""
    rows = rows_of(page or viewed.page)
    expect(rows).to_have_count(len(wanted))
    for place, job in enumerate(wanted):
        expect(rows.nth(place)).to_have_attribute("data-job", job)
    eventually(lambda: in_store(viewed) == wanted, what="the order in the store")


def runs_in(viewed: Viewed, wanted: list[str]) -> None:
    (viewed.root / "gate").touch()

    def started() -> list[str]:
        starts = [
            (event["seq"], job)
            for job in wanted
            for event in viewed.get(f"jobs/{job}/events")["events"]
            if event["status"] == "running"
        ]
        return [job for _, job in sorted(starts)]

    eventually(lambda: len(started()) == len(wanted), within=20)
    assert started() == wanted


def handle(viewed: Viewed, job: str) -> Locator:
    return viewed.job(job).get_by_role("button", name=re.compile("^Move"))


def middle(locator: Locator) -> tuple[float, float]:
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(viewed: Viewed, job: str, onto: str, *, beyond: float = 6) -> None:
    """To a little beyond the middle of another row, with the steps of a hand, and let go there."""
    mouse = viewed.page.mouse
    x, y = middle(handle(viewed, job))
    _, there = middle(viewed.job(onto))
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, there + (beyond if there > y else -beyond), steps=8)
    held = viewed.page.locator(f'[data-job="{job}"]')
    expect(held).to_have_attribute("data-held", "true")
    expect(rows_of(viewed.page).filter(has=held)).to_have_count(0)
    mouse.up()
    expect(held).not_to_have_attribute("data-held", "true")


def test_rows_are_dragged_and_so_they_run(viewed: Viewed) -> None:
    a, b, c, d, e = five_wait(viewed)
    viewed.go()
    expect_order(viewed, [a, b, c, d, e])
    drag(viewed, e, b)
    expect_order(viewed, [a, e, b, c, d])
    short = viewed.get(f"jobs/{b}")["short_id"]
    expect(viewed.said("comes before")).to_be_visible()
    command = f"sdjobs jobs place {viewed.get(f'jobs/{e}')['short_id']} --before {short}"
    expect(viewed.page.get_by_role("region", name="Messages").locator("code")).to_have_text(command)
    drag(viewed, a, d)
    expect_order(viewed, [e, b, c, d, a])
    viewed.page.reload()
    expect_order(viewed, [e, b, c, d, a])
    runs_in(viewed, [e, b, c, d, a])


def test_rows_are_moved_by_keys_alone_and_so_they_run(viewed: Viewed) -> None:
    a, b, c, d, e = five_wait(viewed)
    viewed.go("waiting")
    page = viewed.page
    expect_order(viewed, [a, b, c, d, e])
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "handle":
            break
    expect(handle(viewed, a)).to_be_focused()
    said = page.locator("[aria-live=assertive]")
    page.keyboard.press("Space")
    expect(said).to_contain_text("is picked up. It is at place 1. The arrow keys move it")
    expect(handle(viewed, a)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("Place 2, before")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert in_store(viewed) == [a, b, c, d, e], "nothing is done before it is put down"
    expect(handle(viewed, a)).to_be_focused()
    page.keyboard.press("Space")
    expect(said).to_contain_text("is put down at place 4.")
    expect_order(viewed, [b, c, d, a, e])
    expect(handle(viewed, a)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    expect(said).to_contain_text("stays at place 4.")
    expect_order(viewed, [b, c, d, a, e])
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    expect(said).to_contain_text("Place 5, the last one.")
    page.keyboard.press("Enter")
    expect_order(viewed, [b, c, d, e, a])
    page.keyboard.press("u")
    expect_order(viewed, [b, c, d, a, e])
    runs_in(viewed, [b, c, d, a, e])


def test_a_move_is_taken_back_with_its_priority(viewed: Viewed) -> None:
    viewed.post("queue/pause", {"kind": "page.quick"})
    a, b, c, d, e = (viewed.dispatch("page.quick", number=number) for number in range(5))
    viewed.post(f"jobs/{c}/priority", {"priority": 7})
    viewed.go()
    expect_order(viewed, [c, a, b, d, e])
    drag(viewed, d, c)
    expect_order(viewed, [d, c, a, b, e])
    expect(viewed.said("Its priority is 7 now, as that one's is.")).to_be_visible()
    viewed.page.get_by_role("button", name="Undo").click()
    expect_order(viewed, [c, a, b, d, e])
    assert viewed.get(f"jobs/{d}")["priority"] == viewed.get(f"jobs/{a}")["priority"]


def test_what_is_refused_goes_back_with_a_sentence(viewed: Viewed) -> None:
    a, b, c, d, e = five_wait(viewed)
    viewed.go()
    expect_order(viewed, [a, b, c, d, e])
    refusal = {"detail": "Cannot move job 12345678: it is running.", "code": "transition_refused", "status": 409}
    viewed.page.route("**/place", lambda route: route.fulfill(status=409, json=refusal))
    drag(viewed, e, a)
    expect(viewed.said("Cannot move job 12345678: it is running.")).to_be_visible()
    expect_order(viewed, [a, b, c, d, e])
    viewed.trouble.clear()  # the browser tells of each answer that is a refusal


def test_what_starts_while_it_is_held_is_let_go(viewed: Viewed) -> None:
    viewed.post("queue/pause", {"kind": "page.quick"})
    one, two = (viewed.dispatch("page.quick", number=number) for number in range(2))
    viewed.go()
    expect_order(viewed, [one, two])
    handle(viewed, two).focus()
    viewed.page.keyboard.press("Space")
    viewed.post(f"jobs/{two}/cancel", {})
    expect(viewed.page.locator("[aria-live=assertive]")).to_have_text("It does not wait any more.")
    expect_order(viewed, [one])


def test_another_page_sees_the_new_order(viewed: Viewed) -> None:
    a, b, c, d, e = five_wait(viewed)
    other = open_page(viewed.browser, viewed.url, viewed.trouble)
    whole = open_page(viewed.browser, viewed.url, viewed.trouble)
    other.goto(viewed.url)
    whole.goto(f"{viewed.url}/waiting")
    viewed.go()
    for page in (other, whole):
        expect_order(viewed, [a, b, c, d, e], page)
    drag(viewed, c, a)
    for page in (other, whole):
        expect_order(viewed, [c, a, b, d, e], page)
        page.context.close()


def test_a_long_list_scrolls_while_a_row_is_dragged(viewed: Viewed) -> None:
    viewed.post("queue/pause", {"kind": "page.quick"})
    apart(queue_quick_jobs(viewed.cli.library, 600))
    first, *_ = waiting = in_store(viewed)
    viewed.go("waiting")
    page = viewed.page
    expect(page.get_by_role("table", name="Jobs that wait")).to_have_attribute("aria-rowcount", "601")
    x, y = middle(handle(viewed, first))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, 880, steps=5)
    eventually(lambda: page.evaluate("window.scrollY") > 9_000, within=20)
    page.mouse.move(x, 450, steps=3)
    page.mouse.up()
    eventually(lambda: in_store(viewed).index(first) > 100)
    now = in_store(viewed)
    assert [job for job in now if job != first] == waiting[1:]
    place = now.index(first)
    expect(page.locator(f'[data-job="{first}"]')).to_have_attribute("aria-rowindex", str(place + 2))
    for at in (place - 1, place + 1):
        expect(page.locator(f'[data-job="{now[at]}"]')).to_have_attribute("aria-rowindex", str(at + 2))


async def queue_quick_jobs(path: Path, count: int) -> None:
    async with Library.open(path, runs="none") as library:
        await library.jobs.dispatch_many([quick.new(number) for number in range(count)])


def test_a_row_is_dragged_by_touch(viewed: Viewed) -> None:
    a, b, c, d, e = five_wait(viewed)
    page = open_page(viewed.browser, viewed.url, viewed.trouble, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(viewed.url)
    expect_order(viewed, [a, b, c, d, e], page)
    grip = page.locator(f'[data-job="{a}"]').get_by_role("button", name=re.compile("^Move"))
    target = page.locator(f'[data-job="{c}"]')
    target.scroll_into_view_if_needed()
    x, y = middle(grip)
    box = target.bounding_box()
    assert box is not None
    there = box["y"] + box["height"] / 2 + 8
    finger = page.context.new_cdp_session(page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        point = {"x": x, "y": y + (there - y) * step / 8}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    expect(page.locator(f'[data-job="{a}"]')).to_have_attribute("data-held", "true")
    expect(rows_of(page).nth(2)).to_have_attribute("data-job", a)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_order(viewed, [b, c, a, d, e], page)
    page.context.close()


def test_who_may_only_look_has_nothing_to_drag_by(viewed: Viewed) -> None:
    five_wait(viewed)
    context = viewed.browser.new_context()
    read = (viewed.cli.library / "web-tokens.json").read_text().split('"read": "')[1].split('"')[0]
    answer = context.request.post(f"{viewed.url}/api/login", data={"token": read}, headers={"Origin": viewed.url})
    assert answer.ok, answer.text()
    page = context.new_page()
    page.goto(viewed.url)
    expect(rows_of(page)).to_have_count(5)
    expect(page.get_by_role("button", name=re.compile("^Move"))).to_have_count(0)
    context.close()
