"""What a job says and what a file is called does nothing to the page; and the page shows no more than it may."""

from __future__ import annotations

import base64
import os
import re
import subprocess

import pytest
from playwright.sync_api import expect

from tests.acceptance.page import page_jobs
from tests.acceptance.page.conftest import Viewed, open_page
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def test_hostile_names_and_messages_stay_text(viewed: Viewed) -> None:
    hostile = viewed.dispatch("page.hostile", text=page_jobs.HOSTILE)
    folder = viewed.root / page_jobs.HOSTILE.replace("/", "")
    folder.mkdir()
    viewed.dispatch("indexer", root=str(viewed.root))
    viewed.put("schedules/<b>x", {"kind": "page.hostile", "arguments": {"text": page_jobs.HOSTILE},
                                  "when": {"rule": "every", "seconds": 3600}})  # fmt: skip
    eventually(lambda: viewed.get("statistics")["failed"] == 1)
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    page = viewed.page
    for path in (
        "",
        f"jobs/{hostile}",
        "history",
        "history?text=%3Cimg%20src%3Dx%3E",
        "library",
        "library?view=recent",
    ):
        viewed.go(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("main")).not_to_be_empty()
        assert page.title() != "harmed"
        assert page.locator("img[src=x]").count() == 0
        assert UNSEEN.search(page.locator("body").inner_text()) is None, path
    viewed.go(f"jobs/{hostile}")
    expect(viewed.part("Why").locator(".error-said")).to_contain_text("<img src=x onerror=")
    expect(viewed.part("Log")).to_contain_text("\\u202egnp.exe")
    viewed.go("library")
    page.get_by_label("Search by name").fill("img")
    expect(page.get_by_role("row").filter(has_text="<img src=x onerror=")).to_be_visible()


@pytest.mark.parametrize("name", [b"two words", b"it's", b"a\x1b[31m\\\xe2\x80\xaegnp", b"no text \xff\xfe'"])
def test_the_command_that_is_shown_names_the_very_folder(viewed: Viewed, name: bytes) -> None:
    folder = os.fsencode(viewed.root) + b"/" + name
    os.mkdir(folder)
    path: object = os.fsdecode(folder) if name.isascii() else {"bytes": base64.b64encode(folder).decode()}
    viewed.dispatch("indexer", root=path)
    eventually(lambda: viewed.get("statistics")["completed"] == 1)
    viewed.go("library")
    command = viewed.page.get_by_role("button", name="Look again").get_attribute("title")
    assert command is not None
    assert UNSEEN.search(command) is None
    words = subprocess.run(
        ["bash", "-c", f"sdjobs() {{ printf '%s\\0' \"$@\"; }}; {command}"], stdout=subprocess.PIPE, check=True
    )
    assert words.stdout == b"index\0" + folder + b"\0"


def test_what_is_typed_into_a_form_stays_text(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go("new/page.quick")
    page.get_by_text("More choices").click()
    page.get_by_label("Text").fill("$(touch /tmp/x) '; rm -rf ~ <script>")
    page.get_by_text("Command line").click()
    told = page.locator(".command code")
    expect(told).to_have_text(
        "sdjobs --import tests.acceptance.page.page_jobs "
        "run page.quick --args '{\"text\":\"$(touch /tmp/x) '\\''; rm -rf ~ <script>\"}' --detach"
    )


def test_the_read_only_token_looks_and_finds_no_button(viewed: Viewed) -> None:
    job = viewed.dispatch("page.waits", gate=str(viewed.root / "gate"))
    context = viewed.browser.new_context()
    read = (viewed.cli.library / "web-tokens.json").read_text().split('"read": "')[1].split('"')[0]
    answer = context.request.post(f"{viewed.url}/api/login", data={"token": read}, headers={"Origin": viewed.url})
    assert answer.ok
    page = context.new_page()
    page.goto(f"{viewed.url}/jobs/{job}")
    expect(page.locator(".state strong")).to_have_text("Running")
    expect(page.get_by_text("You may look, and change nothing.")).to_be_visible()
    expect(page.locator("button[data-verb]")).to_have_count(0)
    page.goto(f"{viewed.url}/")
    expect(page.locator("button[data-verb]")).to_have_count(0)
    expect(page.get_by_role("link", name="New job")).to_have_count(0)
    context.close()


def test_who_is_not_signed_in_is_asked_for_a_token_and_comes_back(viewed: Viewed) -> None:
    context = viewed.browser.new_context()
    page = context.new_page()
    page.goto(f"{viewed.url}/history?state=failed")
    page.get_by_label("Token").fill("token-of-the-tests-of-the-page")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()
    assert page.url.endswith("/history?state=failed")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    context.close()


def test_forms_name_what_is_wrong_and_folders_outside_the_roots_are_not_shown(viewed: Viewed) -> None:
    (viewed.root / "Pictures" / "2026").mkdir(parents=True)
    (viewed.root / "escape").symlink_to("/")
    page = viewed.page
    viewed.go("new/file_copy")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_label("What, 1")).to_be_focused()
    expect(page.get_by_text("Choose at least one.").first).to_be_visible()
    page.get_by_role("button", name="Choose a folder: What").click()
    dialog = page.get_by_role("dialog", name="Choose a folder")
    take = dialog.get_by_role("button", name="Take this folder")
    expect(take).to_be_disabled()
    dialog.get_by_role("button", name=str(viewed.root)).click()
    expect(dialog.get_by_role("list", name="Folders").get_by_role("button")).to_have_text(["Pictures"])
    expect(dialog.get_by_role("button", name="↑ One up")).to_be_visible()
    dialog.get_by_role("button", name="Pictures").click()
    expect(dialog.get_by_role("button", name="2026")).to_be_visible()
    take.click()
    expect(page.get_by_label("What, 1")).to_have_value(str(viewed.root / "Pictures"))
    page.get_by_label("Where to", exact=True).fill("relative/path")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("A whole path, beginning with a slash.")).to_be_visible()
    assert viewed.get("jobs/count")["count"] == 0


def test_nothing_is_chosen_for_a_person_where_a_kind_chooses_nothing(viewed: Viewed) -> None:
    """What is done to files that are the same is said by who owns them."""
    page = viewed.page
    viewed.go("new/deduplicate")
    action = page.get_by_label("What to do with the others")
    expect(action).to_have_value("")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Choose one.")).to_be_visible()
    expect(action).to_be_focused()
    assert viewed.get("jobs/count")["count"] == 0


def test_a_name_that_is_no_text_can_be_chosen(viewed: Viewed) -> None:
    import os

    os.mkdir(os.fsencode(viewed.root) + b"/caf\xe9")
    page = viewed.page
    viewed.go("new/indexer")
    page.get_by_role("button", name="Choose a folder: Which folder").click()
    dialog = page.get_by_role("dialog", name="Choose a folder")
    dialog.get_by_role("button", name=str(viewed.root)).click()
    dialog.get_by_role("button", name="caf\\xe9").click()
    dialog.get_by_role("button", name="Take this folder").click()
    page.get_by_role("button", name="Start", exact=True).click()
    job = viewed.shows_job()
    expect(page.locator(".state strong")).to_have_text("Done")
    assert "bytes" in viewed.get(f"jobs/{job}")["arguments"]["root"]


def test_the_page_works_where_it_is_narrow(viewed: Viewed) -> None:
    """Nothing is wider than a telephone."""
    long = "/photos/" + "a very long name without an end " * 6 + "x" * 120
    job = viewed.dispatch("page.fails", sources=[long], destination="/" + "y" * 150, message="z" * 300)
    viewed.put("schedules/" + "s" * 100, {"kind": "page.quick", "when": {"rule": "every", "seconds": 60}})
    eventually(lambda: viewed.get("statistics")["failed"] == 1)
    page = open_page(viewed.browser, viewed.url, viewed.trouble)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("", f"jobs/{job}", "history", "waiting", "library", "new", "new/file_copy"):
        page.goto(f"{viewed.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_function("document.querySelector('[aria-busy]') === null")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.context.close()


def test_every_file_job_has_a_form_in_which_nobody_writes_json(viewed: Viewed) -> None:
    page = viewed.page
    kinds = [kind["kind"] for kind in viewed.get("kinds")["kinds"] if kind["source"].startswith("spacedrive_ops")]
    assert {"file_copy", "backup", "duplicates", "upload"} <= set(kinds)
    for kind in kinds:
        viewed.go(f"new/{kind}")
        expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
        assert page.locator("textarea").count() == 0, kind
        assert page.locator(".job-form .field").count() > 0, kind
