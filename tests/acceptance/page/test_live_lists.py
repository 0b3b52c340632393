"""Long lists and answers that are on their way: no row stays that is gone, none is missing, and no old answer wins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from spacedrive_jobs import JobFilter, JobId, JobStatus, Library
from tests.acceptance.page import page_jobs
from tests.acceptance.page.conftest import Viewed, apart
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

ROW = 60
"""Pixels of a row, at least."""
MANY = 300
"""More than a list asks for at once."""

TELL = """
const ask = window.fetch;
window.fetch = async (...given) => {
  const answer = await ask(...given);
  if (!String(given[0]).includes("api/events")) return answer;
  const [mine, its] = answer.body.tee();
  (async () => {
    for await (const part of mine) if (new TextDecoder().decode(part).includes("event: job")) console.log("told");
  })();
  return new Response(its, answer);
};
"""
"""The page's console says when the stream has told of a job."""


async def _run_quick_jobs(path: Path, count: int) -> None:
    async with Library.open(path, runs="none") as library:
        for handle in await library.jobs.dispatch_many([page_jobs.quick.new(number) for number in range(count)]):
            await handle.wait()


async def _clear(path: Path, wanted: JobFilter) -> None:
    async with Library.open(path, runs="none") as library:
        assert await library.jobs.clear(wanted) > 0


async def _ended(path: Path, found: list[str]) -> None:
    """Into `found`: the newest first."""
    async with Library.open(path, runs="none") as library:
        page = await library.jobs.list(statuses=[status for status in JobStatus if status.is_terminal], limit=1_000)
        found += [str(job.id) for job in page.rows]


def ended(viewed: Viewed) -> list[str]:
    found: list[str] = []
    apart(_ended(viewed.cli.library, found))
    return found


def clear(viewed: Viewed, *jobs: str) -> None:
    apart(_clear(viewed.cli.library, JobFilter(ids=[JobId.parse(job) for job in jobs])))


def run_quick_jobs(viewed: Viewed, count: int) -> None:
    apart(_run_quick_jobs(viewed.cli.library, count))


def rows(viewed: Viewed) -> Locator:
    return viewed.page.get_by_role("table", name="Jobs that have ended").locator("[data-job]")


def scroll_to(viewed: Viewed, place: int) -> Callable[[], bool]:
    """So that the row of this place is in the document. For `eventually`: rows are drawn after the scrolling."""

    def is_there() -> bool:
        viewed.page.evaluate("pixels => window.scrollTo(0, pixels)", place * ROW)
        return rows(viewed).first.get_attribute("aria-rowindex") != "2"

    return is_there


def quiet(viewed: Viewed) -> None:
    """The browser complained of a server that was stopped, as it was meant to."""
    expected = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
    viewed.trouble[:] = [said for said in viewed.trouble if not any(word in said for word in expected)]


def test_rows_in_the_middle_of_a_long_list_go_when_another_process_deletes_them(viewed: Viewed) -> None:
    run_quick_jobs(viewed, MANY)
    jobs = ended(viewed)
    viewed.go("history")
    eventually(scroll_to(viewed, 100), every=0.1)
    expect(viewed.job(jobs[104])).to_be_visible()
    clear(viewed, *jobs[100:105])
    expect(viewed.job(jobs[104])).to_have_count(0)
    expect(viewed.job(jobs[105])).to_be_visible()
    expect(viewed.page.get_by_text(f"{MANY - 5} jobs.", exact=True)).to_be_visible()


def test_rows_that_were_deleted_while_the_page_was_cut_off_go_when_it_comes_back(viewed: Viewed) -> None:
    run_quick_jobs(viewed, MANY)
    jobs = ended(viewed)
    viewed.go("history")
    eventually(scroll_to(viewed, 100), every=0.1)
    expect(viewed.job(jobs[104])).to_be_visible()
    viewed.stop()
    clear(viewed, *jobs[100:105])
    viewed.start()
    expect(viewed.job(jobs[104])).to_have_count(0)
    expect(viewed.job(jobs[105])).to_be_visible()
    quiet(viewed)


def test_an_old_job_that_ends_takes_its_place_among_newer_ones(viewed: Viewed) -> None:
    run_quick_jobs(viewed, 200)
    gate = viewed.root / "gate"
    old = viewed.dispatch("page.waits", gate=str(gate))
    run_quick_jobs(viewed, 100)
    viewed.go("history")
    eventually(scroll_to(viewed, 96), every=0.1)
    expect(rows(viewed)).not_to_have_count(0)
    gate.touch()
    expect(viewed.job(old)).to_have_attribute("data-status", "completed")


def test_another_order_of_what_waits_is_shown_whoever_made_it(viewed: Viewed) -> None:
    """No job changes its status, so no event tells of it."""
    viewed.post("queue/pause", {"kind": "page.quick"})
    *_, last = [viewed.dispatch("page.quick", number=number) for number in range(3)]
    viewed.go()
    rows = viewed.part("Waiting").locator("[data-job]")
    expect(rows).to_have_count(3)
    viewed.post(f"jobs/{last}/front")
    expect(rows.first).to_have_attribute("data-job", last)


def test_a_job_that_two_answers_have_is_one_row_and_leaves_none_behind(viewed: Viewed) -> None:
    """What waits is asked for in two requests: between them a job may have gone from one list to the other."""
    viewed.post("queue/pause", {"kind": "page.quick"})
    job = viewed.dispatch("page.quick")
    answers = [viewed.get("jobs/waiting", limit=8)]
    viewed.page.route("**/api/jobs/waiting**", lambda route: route.fulfill(json=answers[-1]))
    viewed.go()
    rows = viewed.part("Waiting").locator("[data-job]")
    expect(rows).to_have_count(1)
    other = viewed.dispatch("page.quick")
    viewed.post(f"jobs/{other}/front")
    both = viewed.get("jobs/waiting", limit=8)
    viewed.post(f"jobs/{job}/pause")
    expect(viewed.page.get_by_role("heading", level=1)).to_contain_text("1 is paused")
    answers.append(both)
    viewed.dispatch("page.quick")
    expect(rows.first).to_have_attribute("data-job", other)
    viewed.page.unroute("**/api/jobs/waiting**")
    viewed.post(f"jobs/{job}/cancel")
    expect(viewed.part("History").locator(f'[data-job="{job}"]')).to_be_visible()
    expect(rows).to_have_count(2)
    assert job not in [row.get_attribute("data-job") for row in rows.all()]


def test_the_page_of_a_job_that_was_deleted_says_so(viewed: Viewed) -> None:
    job = viewed.dispatch("page.quick")
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    viewed.go(f"jobs/{job}")
    expect(viewed.page.locator("[data-whole]")).to_be_visible()
    clear(viewed, job)
    expect(viewed.page.get_by_role("heading", level=1)).to_have_text("This job cannot be shown")
    expect(viewed.page.get_by_role("alert")).to_contain_text(job[-8:])
    viewed.trouble[:] = [said for said in viewed.trouble if "404" not in said]


def test_a_first_answer_that_is_older_than_what_was_told_does_not_stand(viewed: Viewed) -> None:
    """The answer leaves the server, something happens and is told, and only then the answer arrives."""
    viewed.post("queue/pause", {"kind": "page.quick"})
    held: list[str] = []

    def hold(route: Route) -> None:
        answer = route.fetch()
        if not held:
            held.append(viewed.dispatch("page.quick"))
            with viewed.page.expect_event("console", lambda said: said.text == "told"):
                pass
        route.fulfill(response=answer)

    viewed.page.add_init_script(TELL)
    viewed.page.route("**/api/jobs/waiting**", hold)
    with viewed.page.expect_console_message(lambda said: said.text == "told"):
        viewed.go()
    expect(viewed.part("Waiting").locator(f'[data-job="{held[0]}"]')).to_be_visible()


def test_lists_are_asked_for_also_where_the_network_is_gone(viewed: Viewed) -> None:
    """The server is on this machine: a browser that knows itself offline still reaches it."""
    viewed.go()
    expect(viewed.page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    viewed.page.evaluate("window.dispatchEvent(new Event('offline'))")
    job = viewed.dispatch("page.quick")
    expect(viewed.part("History").locator(f'[data-job="{job}"]')).to_be_visible()
