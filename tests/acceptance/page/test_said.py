"""What the page says of what goes on is so, and what it says can be done."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.conftest import Viewed
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def test_for_how_long_a_job_runs_goes_on(viewed: Viewed) -> None:
    """Where the server says nothing new of the job, as between two events."""
    page = viewed.page
    page.clock.install()
    viewed.dispatch("page.waits", gate=str(viewed.root / "gate"))
    viewed.go()
    card = viewed.part("Running").locator("article")
    expect(card).to_contain_text(re.compile(r"Runs for (under )?\d"))
    told = viewed.get("jobs/running")
    page.route("**/api/jobs/running", lambda route: route.fulfill(json=told))

    def runs_for_minutes() -> bool:  # an answer that was on its way begins it anew
        page.clock.run_for(30_000)
        return re.search(r"Runs for \d min", card.inner_text()) is not None

    eventually(runs_for_minutes)


def test_a_kind_that_is_paused_is_said_with_its_reason_and_goes_on(viewed: Viewed) -> None:
    page = viewed.page
    viewed.post("queue/pause", {"kind": "page.quick", "reason": "not at night"})
    viewed.dispatch("page.quick")
    viewed.go()
    paused = page.get_by_role("list", name="Kinds that are paused")
    expect(paused).to_contain_text("“Look after one folder” is paused: not at night.")
    paused.get_by_role("button", name="Go on: Look after one folder").click()
    expect(page.get_by_text("“Look after one folder” goes on.")).to_be_visible()
    expect(paused).to_have_count(0)
    expect(viewed.part("History").locator("[data-job]")).to_have_count(1)


def test_what_was_paused_together_goes_on_together(viewed: Viewed) -> None:
    page = viewed.page
    viewed.post("queue/pause", {})
    for number in range(3):
        viewed.dispatch("page.quick", number=number)
    viewed.go("waiting")
    expect(page.get_by_role("button", name="Resume those that are paused")).to_have_count(0)
    page.get_by_role("button", name="Pause these").click()
    page.get_by_role("button", name="Pause 3 jobs").click()
    eventually(lambda: viewed.get("overview")["counts"]["paused"] == 3)
    page.get_by_role("radio", name="Paused").check(force=True)
    expect(page.get_by_role("button", name="Pause these")).to_have_count(0)
    page.get_by_role("button", name="Resume those that are paused").click()
    page.get_by_role("button", name="Resume 3 jobs").click()
    eventually(
        lambda: viewed.get("overview")["counts"] | {"paused": 0, "queued": 3} == viewed.get("overview")["counts"]
    )


def test_a_question_says_what_its_job_does_meanwhile(viewed: Viewed) -> None:
    page = viewed.page
    job = viewed.dispatch("page.asks")
    viewed.go()
    card = page.get_by_role("region", name="Needs you").locator("article")
    expect(card).to_contain_text("Which of the two?")
    expect(card).not_to_contain_text("The rest of the job goes on meanwhile.")
    expect(card).to_contain_text("Waits for an answer")
    card.get_by_role("button", name="This").click()
    said = page.get_by_role("region", name="Messages")
    expect(said).to_contain_text("Answered.")
    expect(said).to_contain_text("sdjobs")
    eventually(lambda: viewed.get(f"jobs/{job}")["status"] == "completed")


def test_fields_of_a_kind_of_ones_own_are_called_as_they_are(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go("new/page.mail")
    for label in ("To", "Seconds", "Keep", "Only"):
        expect(page.get_by_label(label, exact=True)).to_have_count(1)
    expect(page.get_by_text("Where to")).to_have_count(0)


def test_a_schedule_with_a_slash_in_its_name_is_refused_in_words(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go("new/page.quick?when=clock")
    page.get_by_label("Name of the schedule").fill("night/../copy")
    page.get_by_role("button", name="Run it by the clock").click()
    expect(page.get_by_role("alert")).to_contain_text("The name of a schedule has no slash")
    assert viewed.get("schedules")["schedules"] == []


@pytest.mark.parametrize(
    ("text", "command"), [("-foo bar", "search --limit 200 -- -foo bar"), ("beach", "search --limit 200 beach")]
)
def test_the_twin_of_a_search_searches_for_the_same(viewed: Viewed, text: str, command: str) -> None:
    page = viewed.page
    viewed.go(f"library?text={text}")
    expect(page.locator("body")).to_contain_text(command, use_inner_text=False)
