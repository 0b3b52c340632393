"""Many jobs: lists, filters, one action for all of them; first in line; schedules; logs."""

from __future__ import annotations

import re
import sqlite3
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from spacedrive_jobs import Library
from tests.acceptance.page import page_jobs
from tests.acceptance.page.conftest import Viewed, apart
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def dispatch_many(viewed: Viewed, count: int, kind: str = "page.waits", **arguments: object) -> list[str]:
    return [viewed.dispatch(kind, **arguments, number=number) for number in range(count)]


def test_two_hundred_jobs_are_cancelled_after_one_question(viewed: Viewed) -> None:
    gate = str(viewed.root / "gate")
    running, *waiting = dispatch_many(viewed, 201, gate=gate)
    other = viewed.post("queue/pause", {"kind": "page.quick"}) and viewed.dispatch("page.quick")
    viewed.go()
    viewed.part("Waiting").get_by_role("link", name="All 201").click()
    page = viewed.page
    page.get_by_label("Kind").select_option("page.waits")
    page.get_by_role("button", name="Cancel these").click()
    question = page.get_by_role("dialog", name="Cancel 200 jobs?")
    expect(question.locator("code")).to_have_text(
        "sdjobs jobs cancel --kind page.waits --status queued --status paused"
    )
    question.get_by_role("button", name="Cancel 200 jobs").click()
    expect(viewed.said("200 jobs cancelled or cancelling.")).to_be_visible()
    expect(page.get_by_text("No job that waits is like this.")).to_be_visible()
    counts = viewed.get("statistics")
    assert (counts["running"], counts["queued"], counts["cancelled"]) == (1, 1, 200)
    assert viewed.get(f"jobs/{running}")["status"] == "running"
    assert viewed.get(f"jobs/{other}")["status"] == "queued"
    assert {viewed.get(f"jobs/{job}")["status"] for job in waiting[:3]} == {"cancelled"}


def test_what_is_put_first_stands_first(viewed: Viewed) -> None:
    viewed.post("queue/pause", {"kind": "page.waits"})
    waiting = dispatch_many(viewed, 3, gate=str(viewed.root / "gate"))
    viewed.go()
    rows = viewed.part("Waiting").locator("[data-job]")
    expect(rows).to_have_count(3)
    assert [row.get_attribute("data-job") for row in rows.all()] == waiting
    viewed.job(waiting[2]).get_by_role("button", name=re.compile("^First")).click()
    expect(rows.first).to_have_attribute("data-job", waiting[2])
    viewed.page.get_by_role("button", name="Undo").click()
    expect(rows.first).to_have_attribute("data-job", waiting[0])
    expect(rows.last).to_have_attribute("data-job", waiting[2])
    in_line = viewed.get("jobs/waiting")["jobs"]
    assert [job["id"] for job in in_line] == waiting


def test_what_runs_makes_room_for_what_is_put_first(viewed: Viewed) -> None:
    running, *waiting = dispatch_many(viewed, 3, gate=str(viewed.root / "gate"))
    viewed.go()
    expect(viewed.part("Running").locator("[data-job]")).to_have_attribute("data-job", running)
    viewed.job(waiting[1]).get_by_role("button", name=re.compile("^First")).click()
    expect(viewed.part("Running").locator("[data-job]")).to_have_attribute("data-job", waiting[1])
    expect(viewed.part("Waiting").locator("[data-job]").first).to_have_attribute("data-job", running)


def test_history_is_searched_and_what_failed_is_tried_again(viewed: Viewed) -> None:
    good = dispatch_many(viewed, 3, "page.quick", text="summer")
    bad = [
        viewed.dispatch("page.fails", sources=["/old"], destination="/new", message=f"the {what} is not there")
        for what in ("disk", "network")
    ]
    eventually(lambda: viewed.get("statistics")["failed"] == 2)
    viewed.go("history")
    page, rows = viewed.page, viewed.page.get_by_role("table", name="Jobs that have ended").locator("[data-job]")
    expect(rows).to_have_count(5)
    page.get_by_label("Search").fill("network")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Failed: the network is not there.")
    page.get_by_label("Search").fill("summer")
    expect(rows).to_have_count(3)
    assert {row.get_attribute("data-job") for row in rows.all()} == set(good)
    page.get_by_label("Search").fill("")
    page.get_by_role("radio", name="Failed").check()
    expect(rows).to_have_count(2)
    assert page.url.endswith("/history?state=failed")
    page.get_by_label("Added").select_option("7")
    expect(page.get_by_text("2 jobs.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Try the failed ones again").click()
    page.get_by_role("dialog", name="Try 2 jobs again?").get_by_role("button", name="Try 2 jobs again").click()
    expect(viewed.said("2 jobs to be done again.")).to_be_visible()
    eventually(lambda: viewed.get("statistics")["failed"] == 4)
    assert {viewed.get(f"jobs/{job}")["status"] for job in bad} == {"failed"}


def test_a_long_list_holds_only_what_can_be_seen_and_reaches_its_end(viewed: Viewed) -> None:
    viewed.post("queue/pause", {"kind": "page.quick"})
    count = 1_200
    apart(queue_quick_jobs(viewed.cli.library, count - 1))
    last = viewed.dispatch("page.quick", number=-1)
    viewed.go("waiting")
    page = viewed.page
    table = page.get_by_role("table", name="Jobs that wait")
    expect(table).to_have_attribute("aria-rowcount", str(count + 1))
    assert table.locator("[data-job]").count() < 60

    def at_the_end() -> bool:
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        return table.locator(f'[data-job="{last}"]').count() == 1

    eventually(at_the_end, within=30, every=0.2, what="the end of the list")
    assert table.locator("[data-job]").count() < 60


async def queue_quick_jobs(library: Path, count: int) -> None:
    async with Library.open(library, runs="none") as opened:
        await opened.jobs.dispatch_many([page_jobs.quick.new(number) for number in range(count)])


def test_a_schedule_is_made_changed_and_laid_to_rest(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    viewed.part("Schedules").get_by_role("link", name="New schedule").click()
    page.get_by_role("link", name="Look after one folder").click()
    page.get_by_label("Name of the schedule").fill("evenings")
    page.get_by_label("At", exact=True).fill("21:30")
    page.get_by_role("button", name="Run it by the clock").click()
    row = page.locator('[data-schedule="evenings"]')
    expect(row).to_contain_text("Every day at 21:30 (Europe/Berlin)")

    row.get_by_role("button", name=re.compile("^Change")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("At", exact=True)).to_have_value("21:30")
    dialog.get_by_label("How often").select_option("weeks")
    dialog.get_by_label("Every", exact=True).fill("2")
    dialog.get_by_label("If the run before is not finished").select_option("queue")
    dialog.get_by_role("button", name="Change it").click()
    expect(row).to_contain_text("Every 14 days at 21:30")
    found = viewed.get("schedules/evenings")
    assert (found["overlap"], found["when"]["unit"], found["when"]["count"]) == ("queue", "weeks", 2)

    row.get_by_role("button", name=re.compile("^Let rest")).click()
    expect(row).to_contain_text("rests")
    page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("next")
    row.get_by_role("button", name=re.compile("^Run now")).click()
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    row.get_by_role("button", name="Times").click()
    row.get_by_role("button", name="Remove this schedule").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(row).to_have_count(0)


def test_changing_a_schedule_keeps_what_its_form_does_not_show(viewed: Viewed) -> None:
    rule = {
        "kind": "page.quick", "arguments": {"number": 4}, "when": {"rule": "every", "seconds": 7200},
        "misfire": {"all": 7}, "jitter_seconds": 60, "priority": 3,
    }  # fmt: skip
    viewed.put("schedules/kept", rule)
    viewed.go()
    page = viewed.page
    page.locator('[data-schedule="kept"]').get_by_role("button", name=re.compile("^Change")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Every", exact=True)).to_have_value("2")
    dialog.get_by_label("Every", exact=True).fill("3")
    dialog.get_by_role("button", name="Change it").click()
    expect(page.locator('[data-schedule="kept"]')).to_contain_text("Every 3 hours")
    found = viewed.get("schedules/kept")
    kept = {name: found[name] for name in ("arguments", "catch_up", "jitter_seconds", "priority")}
    assert kept == {"arguments": {"number": 4, "text": ""}, "catch_up": 7, "jitter_seconds": 60.0, "priority": 3}


def test_a_double_click_runs_a_schedule_once(viewed: Viewed) -> None:
    viewed.put("schedules/s", {"kind": "page.quick", "arguments": {}, "when": {"rule": "every", "seconds": 7200}})
    viewed.go()
    viewed.page.locator('[data-schedule="s"]').get_by_role("button", name=re.compile("^Run now")).dblclick()
    expect(viewed.said("It runs now")).to_be_visible()
    eventually(lambda: viewed.get("statistics")["completed"] > 0)
    viewed.page.locator('[data-schedule="s"]').get_by_role("button", name=re.compile("^Let rest")).dblclick()
    expect(viewed.said("It rests now.")).to_be_visible()
    assert viewed.get("schedules/s")["paused"]
    assert viewed.get("jobs/count")["count"] == 1


def test_an_interval_of_any_length_is_said_and_kept(viewed: Viewed) -> None:
    viewed.put("schedules/s", {"kind": "page.quick", "arguments": {}, "when": {"rule": "every", "seconds": 5430}})
    viewed.go()
    row = viewed.page.locator('[data-schedule="s"]')
    expect(row).to_contain_text("Every 1 h 30 min 30 s")
    row.get_by_role("button", name=re.compile("^Change")).click()
    dialog = viewed.page.get_by_role("dialog")
    expect(dialog.get_by_label("Every", exact=True)).to_have_value("5430")
    expect(dialog.get_by_label("Unit")).to_have_value("seconds")
    dialog.get_by_label("If the run before is not finished").select_option("queue")
    dialog.get_by_role("button", name="Change it").click()
    expect(dialog).to_have_count(0)
    found = viewed.get("schedules/s")
    assert (found["when"]["seconds"], found["overlap"]) == (5430, "queue")
    row.get_by_role("button", name=re.compile("^Change")).click()
    dialog.get_by_label("Every", exact=True).fill("1.5")
    dialog.get_by_label("Unit").select_option("hours")
    dialog.get_by_role("button", name="Change it").click()
    expect(row).to_contain_text("Every 90 minutes")


def test_a_log_is_read_and_searched(viewed: Viewed) -> None:
    job = viewed.dispatch("page.logs", lines=300)
    viewed.go(f"jobs/{job}")
    log = viewed.part("Log")
    expect(log.get_by_text("line 299 is odd")).to_be_visible()
    log.get_by_label("Search in the log").fill("LINE 17")
    expect(log.get_by_role("status")).to_have_text("11 lines of 300.")
    expect(log.locator("mark").first).to_have_text("line 17")


def test_the_search_in_a_long_log_says_in_what_it_was_and_looks_further(viewed: Viewed) -> None:
    job = viewed.dispatch("page.logs", lines=5_000)
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    viewed.go(f"jobs/{job}")
    log = viewed.part("Log")
    expect(log.get_by_role("status")).to_have_text("The last 500 of the last 2,000 lines are shown.")
    log.get_by_label("Search in the log").fill("line 12 ")
    expect(log.get_by_role("status")).to_have_text("0 lines of the last 2,000.")
    expect(log.get_by_text("None of the last 2,000 lines says this.")).to_be_visible()
    log.get_by_role("button", name="Search the last 10,000 lines").click()
    expect(log.get_by_role("status")).to_have_text("1 line of 5,000.")
    expect(log.locator("mark")).to_have_text("line 12")
    expect(log.get_by_role("button", name="Search the last")).to_have_count(0)
    log.get_by_label("Search in the log").fill("odd")
    expect(log.get_by_role("status")).to_have_text("2,500 lines of 5,000. The last 500 of them are shown.")


def test_the_speed_of_a_job_is_drawn_from_its_beginning_and_after_its_end(viewed: Viewed) -> None:
    source, destination = viewed.root, viewed.root / "Backup"
    job = viewed.dispatch("page.copy", sources=[str(source)], destination=str(destination), files=1_000_000)
    eventually(lambda: len(viewed.get(f"jobs/{job}/speeds")["speeds"]) >= 3, within=60)
    viewed.page.route("**/api/events*", lambda _: None)  # nothing is told: what is drawn was kept
    viewed.go(f"jobs/{job}")
    speed = viewed.part("Speed")
    expect(speed.get_by_text("Between")).to_contain_text("MB/s")
    expect(speed.locator("canvas")).to_be_visible()
    viewed.post(f"jobs/{job}/cancel")
    eventually(lambda: viewed.get(f"jobs/{job}")["status"] == "cancelled", within=30)
    viewed.go(f"jobs/{job}")
    expect(viewed.page.locator("[data-whole]")).to_have_attribute("data-status", "cancelled")
    expect(speed.get_by_text("Between")).to_contain_text("MB/s")


def test_a_part_of_an_id_leads_to_its_job(viewed: Viewed) -> None:
    job = viewed.dispatch("page.parent")
    viewed.go(f"jobs/{job[-8:]}")
    assert viewed.shows_job() == job
    parts = viewed.part("Its parts")
    expect(parts.get_by_role("link", name="Look after one folder")).to_have_count(2)


def test_all_is_paused_and_goes_on(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    page.get_by_role("button", name="Pause everything").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("All is paused")
    job = viewed.dispatch("page.quick")
    expect(viewed.part("Waiting").locator(f'[data-job="{job}"]')).to_be_visible()
    page.get_by_role("button", name="Go on with everything").click()
    expect(viewed.part("History").locator(f'[data-job="{job}"]')).to_be_visible()


def test_the_failed_ones_are_tried_again_once_each(viewed: Viewed) -> None:
    for _ in range(3):
        viewed.dispatch("page.fails", sources=["/old"], destination="/new", message="not there")
    page = viewed.page

    def failed(count: int) -> None:
        eventually(lambda: viewed.get("statistics")["failed"] == count)

    for count in (3, 6):
        failed(count)
        viewed.go("history?state=failed")
        page.get_by_role("button", name="Try the failed ones again").click()
        page.get_by_role("dialog", name="Try 3 jobs again?").get_by_role("button", name="Try 3 jobs again").click()
        expect(viewed.said("3 jobs to be done again.")).to_be_visible()
    failed(9)


def test_a_time_that_is_chosen_counts_what_is_listed(viewed: Viewed) -> None:
    jobs = dispatch_many(viewed, 60, "page.quick", text="summer")
    eventually(lambda: viewed.get("statistics")["completed"] == 60)
    with sqlite3.connect(viewed.cli.library / "jobs.db") as library:
        old = [(uuid.UUID(job).bytes,) for job in jobs[:55]]
        library.executemany("UPDATE job_history SET created_at = created_at - 3 * 86400000 WHERE id = ?", old)
    library.close()
    page, rows = viewed.page, viewed.page.get_by_role("table", name="Jobs that have ended").locator("[data-job]")
    viewed.go("history?since=1")
    expect(page.get_by_text("5 jobs.", exact=True)).to_be_visible()
    expect(rows).to_have_count(5)
    page.get_by_role("button", name="Clear these").click()
    expect(page.get_by_role("dialog", name="Clear 5 jobs from the history?")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Added").select_option("7")
    expect(page.get_by_text("60 jobs.", exact=True)).to_be_visible()
