"""The gate that decides whether a test can run here, and the file systems that tests mount."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.abilities import ABILITIES, missing
from tests.mounts import Kind, Mounts

ROOT = Path(__file__).parents[2]


def test_an_unknown_ability_is_an_error() -> None:
    with pytest.raises(KeyError):
        missing("no such ability")


def run_inner(path: Path, *, require_all: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on `path` with this repository's conftest, as a child of its own."""
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "-p", "no:cacheprovider"]
    environment = {"PATH": "", "REQUIRE_ALL": require_all, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*pytest_here, "-p", "tests.conftest", str(path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """A test file whose one test needs a program that is nowhere, because it takes itself from the list."""
    path = tmp_path / "test_lacking.py"
    path.write_text(
        "import pytest\n"
        "from tests import abilities\n"
        "abilities.ABILITIES['nothing'] = abilities.Ability(lambda: 'it is nowhere', 'nothing-at-all')\n"
        "@pytest.mark.needs('nothing')\n"
        "def test_it(): pass\n"
    )
    return path


def test_what_is_missing_skips(lacking: Path) -> None:
    done = run_inner(lacking, require_all="")
    assert "1 skipped" in done.stdout
    assert "it is nowhere (apt-get install nothing-at-all)" in done.stdout


def test_what_is_missing_fails_where_all_is_required(lacking: Path) -> None:
    done = run_inner(lacking, require_all="1")
    assert done.returncode == 1
    assert "skipped" not in done.stdout


def test_a_skip_fails_where_all_is_required(tmp_path: Path) -> None:
    path = tmp_path / "test_skips.py"
    path.write_text("import pytest\ndef test_it(): pytest.skip('no reason')\ndef test_other(): pass\n")
    assert run_inner(path, require_all="").returncode == 0
    done = run_inner(path, require_all="1")
    assert done.returncode == 1
    assert "left tests out: 1 skipped" in done.stdout


def test_every_ability_has_an_answer() -> None:
    assert {name: type(missing(name)) for name in ABILITIES} == dict.fromkeys(ABILITIES, str)


@pytest.mark.needs("mount")
def test_a_file_system_in_memory(mounts: Mounts) -> None:
    mount = mounts.tmpfs(size_mib=1)
    with pytest.raises(OSError, match="No space left"):
        (mount.path / "file").write_bytes(bytes(2 << 20))


@pytest.mark.needs("mount")
def test_unmounted_afterwards(tmp_path: Path) -> None:
    with Mounts(tmp_path / "mounts") as mounts:
        path = mounts.tmpfs(size_mib=1).path
        assert str(path) in Path("/proc/mounts").read_text()
    assert str(path) not in Path("/proc/mounts").read_text()


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.needs(kind)) for kind in ("ext4", "xfs", "btrfs")]
)
def test_a_file_system_on_a_disk(mounts: Mounts, kind: Kind) -> None:
    mount = mounts.disk(kind)
    (mount.path / "file").write_bytes(b"x")
    mounts.unmount(mount)
    assert mount.image is not None
    assert (mounts.again(mount.image).path / "file").read_bytes() == b"x"


@pytest.mark.needs("drop_capabilities")
def test_without_dac_a_file_of_mode_0_cannot_be_read(disk_path: Path, without_dac: list[str]) -> None:
    path = disk_path / "secret"
    path.write_bytes(b"x")
    path.chmod(0)
    done = subprocess.run([*without_dac, "cat", str(path)], capture_output=True, text=True, check=False)
    assert "Permission denied" in done.stderr
