"""Whoever works by keys stays where they are: what goes away leaves the focus to what stands in its place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.page.conftest import Viewed
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def focused(page: Page) -> str:
    """What has the focus: its label or its words; BODY where nothing has."""
    found = page.evaluate("""() => {
        const it = document.activeElement;
        return it === document.body ? "BODY" : it.getAttribute("aria-label") ?? it.innerText;
    }""")
    assert isinstance(found, str)
    return found


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).first.focus()
    page.keyboard.press("Enter")


def waits(viewed: Viewed, count: int) -> list[str]:
    gate = str(viewed.root / "gate")
    return [viewed.dispatch("page.waits", gate=gate, number=number) for number in range(count)]


def test_a_button_that_was_pressed_leaves_the_focus_in_its_place(viewed: Viewed) -> None:
    page = viewed.page
    running, first, second, third = waits(viewed, 4)
    viewed.go()
    row = viewed.part("Waiting").locator(f'[data-job="{first}"]')
    row.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Resume")).to_be_focused()
    row.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    expect(viewed.job(third).get_by_role("link")).to_be_focused()
    # It takes the place of what runs: its row goes, and the next one stands there.
    viewed.job(third).get_by_role("button", name="First").focus()
    page.keyboard.press("Enter")
    expect(viewed.said("comes first now")).to_be_visible()
    expect(viewed.part("Running").locator("[data-job]")).to_have_attribute("data-job", third)
    eventually(lambda: focused(page) != "BODY", what="the focus")
    press(page, "Pause everything")
    expect(page.get_by_role("button", name="Go on with everything")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause everything")).to_be_focused()
    expect(viewed.part("Running").locator("[data-job]")).to_have_attribute("data-job", third)
    viewed.job(third).get_by_role("button", name="Pause").focus()
    for job in (second, running):  # so that none takes the place of the one that is paused
        viewed.post(f"jobs/{job}/pause")
    page.keyboard.press("Enter")
    expect(viewed.part("Running").get_by_text("Nothing runs now.")).to_be_visible()
    expect(viewed.part("Running").get_by_role("heading", level=2)).to_be_focused()


def test_a_card_whose_job_ends_leaves_the_focus_to_the_next_and_then_to_the_heading(viewed: Viewed) -> None:
    page = viewed.page
    one, other = waits(viewed, 2)
    viewed.go()
    viewed.part("Running").locator(f'[data-job="{one}"]').get_by_role("button", name="Cancel").focus()
    viewed.post(f"jobs/{one}/cancel")
    card = viewed.part("Running").locator(f'[data-job="{other}"]')
    expect(card).to_be_visible()
    eventually(lambda: focused(page) != "BODY", what="the focus")
    card.get_by_role("button", name="Cancel").focus()
    (viewed.root / "gate").touch()
    expect(viewed.part("Running").get_by_role("heading", level=2)).to_be_focused()


def test_a_row_that_is_cancelled_by_a_key_is_followed_by_the_next(viewed: Viewed) -> None:
    page = viewed.page
    jobs = waits(viewed, 13)[1:]
    eventually(lambda: viewed.get("statistics")["running"] == 1)
    viewed.go("waiting")
    expect(page.locator("[data-job]")).to_have_count(12)
    # Until it is known what one may, nothing is offered, and a key does nothing.
    expect(page.get_by_role("button", name=re.compile("^Cancel: "))).to_have_count(12)
    for _ in range(6):
        page.keyboard.press("j")
    expect(viewed.job(jobs[5]).get_by_role("link")).to_be_focused()
    page.keyboard.press("x")
    expect(viewed.job(jobs[6]).get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    expect(viewed.job(jobs[7]).get_by_role("link")).to_be_focused()
    press(page, "Cancel these")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel 11 jobs").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No job that waits is like this.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_answers_and_what_is_put_aside_leave_the_focus_in_the_card_or_the_next(viewed: Viewed) -> None:
    page = viewed.page
    source, target = viewed.root / "Pictures", viewed.root / "Backup"
    for folder in (source, target / "Pictures"):
        folder.mkdir(parents=True)
        for number in range(3):
            (folder / f"{number}.jpg").write_text(str(folder))
    for number in range(2):
        viewed.dispatch("page.fails", sources=["/x"], destination="/y", message=f"no card in slot {number}")
    eventually(lambda: viewed.get("statistics")["failed"] == 2)
    viewed.dispatch("file_copy", sources=[str(source)], destination=str(target), on_conflict="ask")
    viewed.go()
    card = viewed.part("Needs you").locator(".question-card")
    expect(card).to_contain_text("asks 3 questions")
    press(page, "Answer one by one")
    answer = card.locator(".questions li").first.get_by_role("button").first
    expect(answer).to_be_focused()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("asks 2 questions")
    expect(card.locator(".questions li").first.get_by_role("button").first).to_be_focused()
    card.get_by_role("group", name="Answer all").get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    failed = viewed.part("Needs you").locator("article")
    expect(failed.first.get_by_role("link")).to_be_focused()
    press(page, re.compile("^Put aside"))
    expect(failed).to_have_count(1)
    expect(failed.get_by_role("link")).to_be_focused()
    press(page, re.compile("^Put aside"))
    expect(viewed.part("Needs you")).to_have_count(0)
    assert focused(page) == "Running"
    press(page, "Undo")
    expect(failed).to_have_count(1)
    eventually(lambda: focused(page) != "BODY", what="the focus")


def test_the_folder_picker_is_walked_through_by_keys(viewed: Viewed) -> None:
    page = viewed.page
    (viewed.root / "2026" / "May").mkdir(parents=True)
    viewed.go("new/indexer")
    opener = page.get_by_role("button", name=re.compile("^Choose a folder")).first
    opener.focus()
    page.keyboard.press("Enter")
    listed = page.get_by_role("list", name="Folders").get_by_role("button")
    expect(listed).to_have_count(1)
    listed.focus()
    for name in ("2026", "May"):
        page.keyboard.press("Enter")
        expect(listed.filter(has_text=name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="One up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(listed.filter(has_text="May")).to_be_focused()
    page.get_by_role("button", name="Take this folder").focus()
    page.keyboard.press("Enter")
    expect(opener).to_be_focused()
