"""What a person does in an evening: from a form to the end of a copy, by mouse and by keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.conftest import Viewed
from tests.acceptance.page.filled_library import make_pictures
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

FILES = 12_000


def many_files(folder: Path) -> None:
    """A copy of so many takes seconds, also where nothing else is done."""
    folder.mkdir()
    for number in range(FILES):
        (folder / f"IMG_{number:05}.jpg").write_bytes(b"%d" % number * 400)


def test_a_copy_from_its_form_to_its_end_with_a_pause_and_a_new_page_between(viewed: Viewed) -> None:
    source, target = viewed.root / "Pictures", viewed.root / "Backup"
    many_files(source)
    target.mkdir()
    page = viewed.page
    viewed.go()
    page.get_by_role("link", name="New job").click()
    page.get_by_role("link", name="Copy files and folders").click()
    page.get_by_label("What, 1").fill(str(source))
    page.get_by_label("Where to", exact=True).fill(str(target))
    page.get_by_label("Read back and compare").check()
    page.get_by_role("button", name="Start", exact=True).click()
    job = viewed.shows_job()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Copy {source} to {target}")
    page.get_by_role("button", name=re.compile("^Pause")).click()
    expect(viewed.said("pauses at its next safe point")).to_be_visible()
    expect(page.locator(".state strong")).to_have_text("Paused")
    assert viewed.get(f"jobs/{job}")["counters"]["items_ok"] < FILES

    page.reload()
    expect(page.locator(".state strong")).to_have_text("Paused")
    page.get_by_role("button", name=re.compile("^Resume")).click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    expect(page.locator(".state strong")).to_have_text("Done", timeout=60_000)
    assert viewed.get(f"jobs/{job}")["counters"]["items_ok"] >= FILES
    assert len(list((target / "Pictures").iterdir())) == FILES
    page.get_by_role("link", name="Jobs", exact=True).first.click()
    expect(viewed.part("History").get_by_role("link", name=f"Copy {source}")).to_be_visible()


def test_an_action_says_its_command_and_undo_takes_it_back(viewed: Viewed) -> None:
    job = viewed.dispatch("page.waits", gate=str(viewed.root / "gate"))
    viewed.go()
    viewed.job(job).get_by_role("button", name=re.compile("^Pause")).click()
    expect(viewed.said(f"sdjobs jobs pause {viewed.get(f'jobs/{job}')['short_id']}")).to_be_visible()
    expect(viewed.part("Waiting").locator(f'[data-job="{job}"]')).to_be_visible()
    viewed.page.get_by_role("button", name="Undo").click()
    expect(viewed.part("Running").locator(f'[data-job="{job}"]')).to_be_visible()


def test_conflicts_are_answered_all_at_once_where_they_stand(viewed: Viewed) -> None:
    source, target = viewed.root / "Pictures", viewed.root / "Backup"
    for folder, text in ((source, "new"), (target / "Pictures", "old")):
        folder.mkdir(parents=True)
        for number in range(6):
            (folder / f"{number}.jpg").write_text(text)
    viewed.dispatch("file_copy", sources=[str(source)], destination=str(target), on_conflict="ask")
    viewed.go()
    card = viewed.part("Needs you").locator(".question-card")
    expect(card).to_contain_text("asks 6 questions")
    card.get_by_role("button", name="Answer one by one").click()
    one = card.locator(".questions li").first
    name = str(one.locator("p").text_content()).split()[0]
    one.get_by_role("button", name="Leave the one that is there").click()
    expect(card).to_contain_text("asks 5 questions")
    card.get_by_role("group", name="Answer all").get_by_role("button", name="Replace it", exact=True).click()
    expect(card).to_be_hidden()

    def copied() -> bool:
        return sorted(file.read_text() for file in (target / "Pictures").glob("*.jpg")) == ["new"] * 5 + ["old"]

    eventually(copied, what="the answers")
    assert Path(name).read_text() == "old"


def test_only_what_failed_is_done_again(viewed: Viewed) -> None:
    job = viewed.dispatch("page.items", good=40, bad=3)
    viewed.go()
    card = viewed.part("Needs you").locator(f'[data-job="{job}"]')
    expect(card).to_contain_text("3 items failed")
    card.get_by_role("link", name="See which").click()
    files = viewed.part("Files")
    expect(files.get_by_role("row", name="/photos/broken_1.jpg the picture ends in its middle")).to_be_visible()
    files.get_by_role("button", name=re.compile("^Retry what failed")).click()
    viewed.page.wait_for_url(lambda url: url.endswith(job) is False)
    again = viewed.shows_job()
    expect(viewed.page.locator(".state strong")).to_have_text("Done")
    assert viewed.get(f"jobs/{again}")["output"] == 3
    viewed.page.get_by_role("link", name="Jobs", exact=True).first.click()
    expect(viewed.part("Running")).to_be_visible()
    expect(viewed.part("Needs you")).to_be_hidden()


def test_the_index_and_its_thumbnails_are_seen(viewed: Viewed) -> None:
    pictures = viewed.root / "Pictures"
    make_pictures(pictures)
    page = viewed.page
    viewed.go("new/indexer")
    page.get_by_label("Which folder", exact=True).fill(str(pictures))
    page.get_by_label("What is read of each file").select_option("content")
    page.get_by_role("button", name="Start", exact=True).click()
    viewed.shows_job()
    expect(page.locator(".state strong")).to_have_text("Done")
    viewed.dispatch("thumbnails", paths=[str(pictures)])
    viewed.go()
    expect(viewed.part("Needs you")).to_contain_text("3 items failed")
    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_label("Search by name").fill("img 0003")
    row = page.get_by_role("row").filter(has_text="IMG_0003.jpg")
    expect(row).to_have_count(1)
    picture = row.locator("img.thumbnail")
    eventually(lambda: picture.evaluate("picture => picture.naturalWidth"), what="a thumbnail")


def test_by_keys_alone(viewed: Viewed) -> None:
    """The main path without a mouse: a form, a look, pause, resume, cancel, undo."""
    page = viewed.page
    (viewed.root / "Pictures").mkdir()
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.keyboard.press("n")
    page.wait_for_url(re.compile("/new$"))
    focus_by_tab(viewed, "Wait for the scanner")
    page.keyboard.press("Enter")
    focus_by_tab(viewed, "Gate")
    page.keyboard.type(str(viewed.root / "gate"))
    page.keyboard.press("Enter")
    job = viewed.shows_job()
    expect(page.locator(".state strong")).to_have_text("Running")
    page.keyboard.press("p")
    expect(page.locator(".state strong")).to_have_text("Paused")
    page.keyboard.press("p")
    expect(page.locator(".state strong")).to_have_text("Running")
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(viewed.part("Running").locator(f'[data-job="{job}"]')).to_be_visible()
    page.keyboard.press("j")
    expect(viewed.job(job).locator("a.title")).to_be_focused()
    page.keyboard.press("x")
    expect(viewed.part("History").locator(f'[data-job="{job}"]')).to_contain_text("Cancelled")
    page.keyboard.press("u")
    expect(viewed.part("Running").locator("article")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def focus_by_tab(viewed: Viewed, name: str) -> None:
    """Press Tab until what is called `name` has the focus."""
    for _ in range(60):
        viewed.page.keyboard.press("Tab")
        if viewed.page.evaluate(FOCUSED).startswith(name):
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


FOCUSED = """() => {
    const it = document.activeElement;
    return (it.labels?.[0]?.innerText ?? it.innerText ?? "").trim();
}"""
