"""What waits for a person stands first: a missing drive, jobs that nobody runs, failures until they are put aside."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.conftest import Viewed, start
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def test_a_drive_that_is_not_there_is_named_with_what_to_do(viewed: Viewed) -> None:
    drive, away = viewed.a_drive_goes_away()
    viewed.go()
    needs = viewed.part("Needs you")
    expect(needs.get_by_role("heading", name=f"{drive} is not there")).to_be_visible()
    expect(needs).to_contain_text("Nothing of it is forgotten")

    away.rename(drive)
    viewed.page.get_by_role("link", name="To the library's folders").click()
    viewed.page.get_by_role("button", name="Look again").click()
    viewed.shows_job()
    expect(viewed.page.locator(".state strong")).to_have_text("Done")
    viewed.page.get_by_role("link", name="Jobs", exact=True).first.click()
    expect(viewed.page.get_by_role("heading", name=f"{drive} is not there")).to_have_count(0)


def test_jobs_that_nobody_runs_say_so(viewed: Viewed) -> None:
    viewed.stop()
    port = viewed.url.rpartition(":")[2]
    viewed.started = start(viewed.cli, viewed.root, port, "--page-only")
    viewed.dispatch("page.quick")
    viewed.go()
    needs = viewed.part("Needs you")
    expect(needs.get_by_role("heading", name="Nobody runs the jobs")).to_be_visible()
    needs.get_by_text("Command line").click()
    expect(needs.locator("code")).to_have_text("sdjobs --import tests.acceptance.page.page_jobs worker")
    expect(viewed.part("Waiting")).to_contain_text("Waits for a worker: none runs.")


def test_a_failure_is_put_aside_and_brought_back(viewed: Viewed) -> None:
    job = viewed.dispatch("page.fails", sources=["/card"], destination="/photos", message="the card was pulled out")
    viewed.go()
    card = viewed.part("Needs you").locator(f'[data-job="{job}"]')
    expect(card).to_contain_text("The card was pulled out.")
    card.get_by_role("button", name=re.compile("^Put aside")).click()
    expect(viewed.part("Needs you")).to_be_hidden()
    viewed.page.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name=re.compile("^Put aside")).click()
    viewed.page.reload()
    expect(viewed.part("History").locator(f'[data-job="{job}"]')).to_be_visible()
    expect(viewed.part("Needs you")).to_be_hidden()


def test_what_failed_and_was_done_again_needs_nobody_however_much_has_happened_since(viewed: Viewed) -> None:
    card = viewed.root / "card"
    job = viewed.dispatch("page.mended", needs=str(card))
    viewed.go()
    needs = viewed.part("Needs you")
    expect(needs.locator(f'[data-job="{job}"]')).to_be_visible()
    card.touch()
    needs.get_by_role("button", name=re.compile("again", re.IGNORECASE)).click()
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    for number in range(70):
        viewed.dispatch("page.quick", number=number)
    eventually(lambda: viewed.get("statistics")["completed"] == 71, within=60)
    expect(viewed.page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    expect(viewed.part("History").locator("[data-job]")).to_have_count(8)
    expect(needs).to_be_hidden()
    viewed.page.reload()
    expect(viewed.part("History").locator("[data-job]")).to_have_count(8)
    expect(needs).to_be_hidden()


def test_what_is_done_but_for_some_files_needs_you_however_much_has_happened_since(viewed: Viewed) -> None:
    page = viewed.page
    job = viewed.dispatch("page.items", good=2, bad=1)
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    for number in range(65):
        viewed.dispatch("page.quick", number=number)
    eventually(lambda: viewed.get("statistics")["completed"] == 66, within=60)
    viewed.go()
    card = page.get_by_role("region", name="Needs you").locator(f'[data-job="{job}"]')
    expect(card).to_be_visible()
    card.get_by_role("button", name=re.compile("^Retry what failed")).click()
    expect(page.get_by_role("region", name="Needs you")).to_have_count(0)
