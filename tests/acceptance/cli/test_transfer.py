"""`copy` and `move` as people use them: again after an interruption, beside a worker, and with wrong words."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import Cli, Started
from tests.waiting import eventually

MANY = 1000
SLOW = ("--import", "tests.acceptance.cli.slow_copy")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder that takes a moment to copy."""
    root = tmp_path / "photos"
    for folder in range(MANY // 100):
        (root / f"{folder:03}").mkdir(parents=True)
        for number in range(100):
            (root / f"{folder:03}" / f"{number:02}.jpg").write_bytes(b"%04d" % number * 500)
    return root


def names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def in_the_middle(cli: Cli, *words: str) -> Started:
    """A transfer that has done something, and not all."""
    command = cli.start(*SLOW, *words, "--json")

    def started() -> bool:
        done = [record["progress"]["items_done"] or 0 for record in command.records() if record["type"] == "progress"]
        return max(done, default=0) > 10

    eventually(started, what=f"some progress: {command.out[-300:]} {command.err}")
    return command


def test_a_copy(cli: Cli, tree: Path) -> None:
    target = cli.folder / "backup"
    done = cli.run("copy", str(tree), str(target))
    assert done.returncode == 0
    assert done.stdout.startswith(f"Copy {tree} to {target} (job ")
    assert f"\nCopied {MANY:,} items, 2.0 MB" in done.stdout
    assert names(target) == names(tree)


def test_a_copy_of_what_a_location_names(cli: Cli, tree: Path) -> None:
    assert cli.run("index", str(tree)).returncode == 0
    assert cli.run("copy", "location://1/003", str(cli.folder / "backup")).returncode == 0
    assert names(cli.folder / "backup") == names(tree / "003")
    wrong = cli.run("copy", "location://1/../..", str(cli.folder / "other"))
    assert (wrong.returncode, "would lead elsewhere" in wrong.stderr) == (2, True), wrong.stderr
    gone = cli.run("copy", "location://9/a", str(cli.folder / "other"))
    assert (gone.returncode, "no such location" in gone.stdout + gone.stderr) == (1, True), gone.stderr


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system, where a move cannot just rename."""
    folder = Path(tempfile.mkdtemp(prefix="sdjobs-test-", dir="/dev/shm"))
    assert folder.stat().st_dev != tmp_path.stat().st_dev
    yield folder
    shutil.rmtree(folder)


AFTERWARDS = {signal.SIGINT: {"paused"}, signal.SIGTERM: {"queued"}, signal.SIGKILL: {"running", "queued"}}


@pytest.mark.parametrize("number", AFTERWARDS)
@pytest.mark.parametrize("verb", ["copy", "move"])
def test_the_same_command_again_goes_on(
    cli: Cli, tree: Path, elsewhere: Path, number: signal.Signals, verb: str
) -> None:
    before = names(tree)
    target = elsewhere / "backup"
    words = [verb, str(tree), str(target)]
    command = in_the_middle(cli, *words)
    command.send(number)
    assert command.ends() in (3, -signal.SIGKILL)
    first = cli.only_job()
    assert first["status"] in AFTERWARDS[number]

    again = cli.run(*words)
    assert again.returncode == 0, again
    assert f"Resuming job {first['short_id']}" in again.stdout or f"Watching job {first['short_id']}" in again.stdout
    assert cli.only_job()["attempt"] == 2
    assert names(target) == before
    assert tree.exists() is (verb == "copy")


def test_new_makes_another(cli: Cli, tree: Path) -> None:
    words = ["copy", str(tree), str(cli.folder / "backup")]
    command = in_the_middle(cli, *words)
    command.send(signal.SIGINT)
    assert command.ends() == 3
    cli.run(*words, "--new")
    assert sorted(job["status"] for job in cli.jobs()) == ["completed", "paused"]


def test_a_relative_path_is_the_callers(cli: Cli, tree: Path) -> None:
    words = ["copy", os.path.relpath(tree, Path(__file__).parents[3]), str(cli.folder / "backup"), "--detach"]
    assert cli.run(*words).returncode == 0
    arguments = cli.only_job()["arguments"]
    assert os.path.samefile(arguments["sources"][0], tree)
    assert os.path.isabs(arguments["sources"][0])


def test_options_reach_the_job(cli: Cli, tree: Path) -> None:
    words = ["copy", str(tree), str(cli.folder / "b"), "--on-conflict", "newer", "--verify", "--no-fsync", "--detach"]
    assert cli.run(*words).returncode == 0
    arguments = cli.only_job()["arguments"]
    assert (arguments["on_conflict"], arguments["verify"], arguments["durable"]) == ("newer", True, False)


def test_a_worker_gets_the_work(cli: Cli, tree: Path) -> None:
    worker = cli.start(*SLOW, "worker")
    worker.says("Running the jobs of")
    done = cli.run("copy", str(tree), str(cli.folder / "backup"))
    assert done.returncode == 0
    assert f"pid {worker.process.pid}" in done.stdout
    assert f"Copied {MANY:,} items" in done.stdout
    assert "running" in worker.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_the_worker_goes_the_command_goes_on_itself(cli: Cli, tree: Path, number: signal.Signals) -> None:
    worker = cli.start(*SLOW, "worker")
    worker.says("Running the jobs of")
    command = in_the_middle(cli, "copy", str(tree), str(cli.folder / "backup"))
    worker.send(number)
    worker.ends()
    assert command.ends() == 0, command.err
    assert any("goes on here" in record.get("text", "") for record in command.records())
    assert names(cli.folder / "backup") == names(tree)


def test_ctrl_c_pauses_what_was_handed_over(cli: Cli, tree: Path) -> None:
    worker = cli.start(*SLOW, "worker")
    worker.says("Running the jobs of")
    command = in_the_middle(cli, "copy", str(tree), str(cli.folder / "backup"))
    command.send(signal.SIGINT)
    assert command.ends() == 3
    assert cli.only_job()["status"] == "paused"
    assert worker.process.poll() is None


def test_sigterm_leaves_what_was_handed_over_to_its_runner(cli: Cli, tree: Path) -> None:
    worker = cli.start(*SLOW, "worker")
    worker.says("Running the jobs of")
    command = in_the_middle(cli, "copy", str(tree), str(cli.folder / "backup"))
    command.send(signal.SIGTERM)
    assert command.ends() == 3
    eventually(lambda: cli.only_job()["status"] == "completed")


@pytest.mark.needs("drop_capabilities")
def test_files_that_cannot_be_read_are_listed(cli: Cli, tmp_path: Path, without_dac: list[str]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "good").write_text("good")
    (source / "secret").write_text("secret")
    (source / "secret").chmod(0)
    command = cli.start("copy", str(source), str(tmp_path / "target"), prefix=tuple(without_dac))
    assert command.ends() == 4
    assert "1 item failed: sdjobs jobs items" in command.out
    (item,) = cli.json("jobs", "items", cli.only_job()["short_id"], "--outcome", "error")["items"]
    assert item["item"] == str(source / "secret")
    assert names(tmp_path / "target") == {"good"}


def test_names_that_are_not_text(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "caf\udce9\x1b[2J"
    source.mkdir()
    (source / "x\n\udcff").write_text("x")
    done = cli.run("copy", str(source), str(tmp_path / "target"))
    assert done.returncode == 0
    assert "caf\\xe9\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout + cli.run("jobs", "list").stdout
    assert names(tmp_path / "target") == {"x\n\udcff"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing", "TARGET"], "missing: No such file or directory"),
        (["file", "missing", "folder"], "missing: No such file or directory"),
        (["", "folder"], "has no name of its own"),
        ([".", "folder"], "has no name of its own"),
        (["folder/.", "other"], "has no name of its own"),
        (["folder/..", "other"], "has no name of its own"),
        (["file/", "folder"], "file/: Not a directory"),
        (["link/", "folder"], "link/ is a link"),
        (["file", "folder", "missing"], "missing is not a folder, and several sources need one"),
        (["file", "missing/"], "There is no folder missing/"),
        (["file", ""], "The destination is an empty name"),
        (["file"], "Missing argument"),
    ],
)
@pytest.mark.parametrize("verb", ["copy", "move"])
def test_what_cannot_be_meant_is_refused_and_nothing_is_stored(
    cli: Cli, tmp_path: Path, verb: str, words: list[str], told: str
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    command = cli.start(verb, *words, cwd=tmp_path)
    assert command.ends() == 2
    assert told in command.err
    assert cli.jobs() == []
