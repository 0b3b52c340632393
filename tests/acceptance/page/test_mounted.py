"""The page in an application of somebody's own, below a path: its links, its assets and its stream stay below it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.page.mounted_app import TOKEN

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


def test_all_addresses_stay_below_the_mount(browser: Browser, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.acceptance.page.mounted_app", str(tmp_path / "library")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        context = browser.new_context()
        origin = url.removesuffix("/manager")
        assert context.request.post(f"{url}/api/login", data={"token": TOKEN}, headers={"Origin": origin}).ok
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/history")
        page.get_by_role("link", name="Look after one folder").click()
        expect(page.locator(".state strong")).to_have_text("Done")
        page.reload()
        expect(page.locator(".state strong")).to_have_text("Done")
        # No shell knows by itself which library an application has.
        commands = page.locator("code", has_text="sdjobs").all_text_contents()
        assert commands != []
        assert all(said.startswith(f"sdjobs --library {tmp_path / 'library'} jobs ") for said in commands)
        assert page.url.startswith(f"{url}/jobs/")
        page.get_by_role("link", name="Library", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is indexed yet.")
        assert page.url == f"{url}/library"
        assert [address for address in asked if not address.startswith(f"{url}/")] == []
        assert f"{url}/api/events" in asked
        context.close()
        process.kill()
