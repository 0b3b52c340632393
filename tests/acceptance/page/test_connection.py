"""What the page shows is what is: live, over a lost connection, and after a restart of the server."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.conftest import Viewed

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def test_a_job_of_another_process_appears_moves_and_ends_without_a_reload(viewed: Viewed) -> None:
    viewed.go()
    page = viewed.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.evaluate("window.sameDocument = true")
    gate = viewed.root / "gate"
    viewed.cli.run("--import", "tests.acceptance.page.page_jobs", "run", "page.waits", "--gate", str(gate), "--detach")
    card = viewed.part("Running").locator("article")
    expect(card).to_have_count(1)
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 job runs.")
    gate.touch()
    expect(card).to_have_count(0)
    expect(viewed.part("History").get_by_role("link", name="Wait for the scanner")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def test_what_is_shown_changes_with_the_event_and_waits_for_no_list(viewed: Viewed) -> None:
    gate = viewed.root / "gate"
    job = viewed.dispatch("page.waits", gate=str(gate))
    viewed.go()
    card = viewed.part("Running").locator(f'[data-job="{job}"]')
    expect(card).to_have_attribute("data-status", "running")
    # The stream is there when what comes about after the first look is shown: until then only lists tell.
    expect(viewed.part("Waiting").get_by_text("Nothing waits.")).to_be_visible()
    other = viewed.dispatch("page.waits", gate=str(gate))
    expect(viewed.part("Waiting").locator(f'[data-job="{other}"]')).to_be_visible()
    viewed.page.route("**/api/jobs*", lambda _: None)  # no list is answered from now on
    viewed.page.route("**/api/jobs/**", lambda _: None)
    gate.touch()
    expect(card).to_have_attribute("data-status", "completed")
    expect(card.get_by_text("completed", exact=True)).to_be_visible()


def test_a_lost_connection_is_said_and_heals_with_what_was_missed(viewed: Viewed) -> None:
    viewed.go()
    page = viewed.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.evaluate("window.sameDocument = true")
    viewed.stop()
    expect(page.get_by_text("The connection to the server is lost.")).to_be_visible()
    viewed.start()
    for number in range(30):
        viewed.dispatch("page.quick", number=number)
    expect(page.get_by_text("The connection to the server is lost.")).to_be_hidden()
    expect(viewed.part("History").locator("[data-job]")).to_have_count(8)
    page.get_by_role("link", name="All, with search").click()
    expect(page.get_by_role("table", name="Jobs that have ended")).to_have_attribute("aria-rowcount", "31")
    assert page.evaluate("window.sameDocument") is True
    viewed.trouble[:] = [
        said for said in viewed.trouble if "ERR_CONNECTION_REFUSED" not in said and "ERR_INC" not in said
    ]


def test_the_last_change_is_asked_for_after_a_break(viewed: Viewed) -> None:
    """The stream goes on where it was: the browser names the last number that it was told."""
    asked: list[str | None] = []
    page = viewed.page
    page.on(
        "request",
        lambda request: asked.append(request.headers.get("last-event-id")) if "/api/events" in request.url else None,
    )
    viewed.go()
    viewed.dispatch("page.quick")
    expect(viewed.part("History").locator("[data-job]")).to_have_count(1)
    viewed.stop()
    viewed.start()
    expect(page.get_by_text("The connection to the server is lost.")).to_be_hidden()
    viewed.dispatch("page.quick")
    expect(viewed.part("History").locator("[data-job]")).to_have_count(2)
    assert asked[0] is None
    assert asked[-1] is not None
    assert int(asked[-1]) > 0
    viewed.trouble[:] = [
        said for said in viewed.trouble if "ERR_CONNECTION_REFUSED" not in said and "ERR_INC" not in said
    ]
