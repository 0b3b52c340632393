"""`sdjobs index`, killed at random again and again, over a tree with the names of /usr: the index ends as the disk is.

Then what is moved, renamed, edited, removed and made is recognised as what it is, by a run that is killed as well; a
run over the unchanged tree writes nothing; and a folder whose disk is not there loses nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from spacedrive_jobs import JobStatus, Library
from spacedrive_ops import IndexOutput
from tests import abilities
from tests.acceptance.ops.disk_and_index import in_index, on_disk, rows_of

NAME = "index"
ENTRIES = 220_000
KILLS = 10
CHANGES = 400
ROOT = Path(__file__).parents[2]


def make_tree(root: Path, entries: int, dice: random.Random) -> int:
    """Small files with real names, in folders with real names: /usr as often as it takes."""
    made = number = 0
    while made < entries:
        number += 1
        for folder, _, names in os.walk("/usr"):
            here = root / f"usr {number}" / os.path.relpath(folder, "/usr")
            here.mkdir(parents=True, exist_ok=True)
            for name in names:
                (here / name).write_bytes(b"%d %d" % (dice.getrandbits(40), made))
                made += 1
            if made >= entries:
                break
    return made


class Storm:
    def __init__(self, folder: Path, seed: int = 5) -> None:
        self.tree, self.library = folder / "tree", folder / "library"
        self.said = folder / "said"
        self.dice = random.Random(seed)
        self.phases = Counter[str]()
        self.problems: list[str] = []
        self.killed = 0

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "sdjobs", "--library", str(self.library), *words]

    def index_killed(self, kills: int, within: float) -> dict[str, Any]:
        """Run to the end, killed at most so many times before that; what the run says of itself."""
        while True:
            with self.said.open("ab") as said:
                process = subprocess.Popen(
                    self.command("--json", "index", str(self.tree), "--content"),
                    stdout=subprocess.PIPE,
                    stderr=said,
                    text=True,
                )
            try:
                out, _ = process.communicate(timeout=self.dice.uniform(0.4, within) if kills else None)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills -= 1
                self.killed += 1
                self.phases[asyncio.run(self.phase())] += 1
            else:
                job = json.loads(out.splitlines()[-1])["job"]
                if process.returncode not in (0, 4):  # 4: a folder that is offline is an error of the job
                    raise RuntimeError(f"index ended with {process.returncode}: {job['status']}, {job['error']}")
                return dict(job["output"])

    async def phase(self) -> str:
        async with Library.open(self.library, runs="none") as library:
            rows = (await library.jobs.list()).rows
            return (rows[0].view.phase if rows else None) or "not begun"

    async def outputs(self) -> list[dict[str, Any]]:
        """What the runs that got to their end said, the oldest first."""
        async with Library.open(self.library, runs="none") as library:
            rows = (await library.jobs.list(statuses=[JobStatus.COMPLETED], limit=1_000)).rows
            outputs = [await (await library.jobs.get(row.id)).wait() for row in reversed(rows)]
        return [asdict(output) for output in outputs if isinstance(output, IndexOutput)]

    async def compare(self, what: str) -> None:
        async with Library.open(self.library, runs="none") as library:
            there, known = await asyncio.to_thread(on_disk, self.tree), await in_index(library, self.tree)
            unknown = await library.db.query("SELECT count(*) FROM ix_entry WHERE kind = 1 AND content_id IS NULL")
        if there != known:
            self.problems.append(f"{what}: {len(there - known)} not in the index, {len(known - there)} not on the disk")
        if unknown != [(0,)]:
            self.problems.append(f"{what}: {unknown} files without their content")
        print(f"   {what}: {len(there):,} entries compared, {len(there ^ known)} differences", flush=True)

    async def rows(self) -> int:
        """All rows of the index, as one number."""
        async with Library.open(self.library, runs="none") as library:
            return hash(repr(await rows_of(library)))

    def verify(self) -> None:
        done = subprocess.run(
            self.command("index", str(self.tree), "--verify"), capture_output=True, text=True, check=False
        )
        print("   " + (done.stdout.splitlines() or [done.stderr])[-1], flush=True)
        if done.returncode:
            self.problems.append(f"--verify ended with {done.returncode}")

    def change(self, changes: int) -> Counter[str]:
        """Change the tree in ways that do not touch each other, and say what a run should find."""
        files = sorted(path for path in self.tree.rglob("*") if path.is_file())
        folders = sorted({path.parent for path in files} - {self.tree})
        self.dice.shuffle(files)
        wanted = Counter[str]()
        (self.tree / "moved here").mkdir()
        wanted["new"] += 1
        for number, path in enumerate(files[:changes]):
            match number % 7:
                case 0:
                    path.rename(self.tree / "moved here" / f"{number} {path.name}"[:200])
                    wanted["moved"] += 1
                case 1:
                    path.write_bytes(b"edited %d" % number)
                    wanted["modified"] += 1
                case 2:
                    path.unlink()
                    wanted["deleted"] += 1
                case 3:  # as editors save
                    anew = path.with_name(".anew")
                    anew.write_bytes(b"saved anew %d" % number)
                    anew.replace(path)
                    wanted["modified"] += 1
                case 4 if number + 1 < changes:  # onto the next one, which is gone then
                    path.replace(files[number + 1])
                    wanted["moved"] += 1
                    wanted["deleted"] += 1
                case 4 | 5:
                    continue
                case _:
                    path.with_name(f"new {number}").write_bytes(b"new %d" % number)
                    wanted["new"] += 1
        untouched = (path for path in folders if path not in {changed.parent for changed in files[:changes]})
        leaf = next(path for path in untouched if path.is_dir() and all(child.is_file() for child in path.iterdir()))
        leaf.rename(self.tree / "a folder that moved")
        wanted["moved"] += 1
        return wanted


QUIET: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def run(scale: float) -> int:
    entries, kills = max(3_000, round(ENTRIES * scale)), max(3, round(KILLS * scale))
    with tempfile.TemporaryDirectory(prefix="index-storm-", dir=abilities.disk_root()) as folder:
        storm = Storm(Path(folder))
        made = make_tree(storm.tree, entries, storm.dice)
        subprocess.run(storm.command("init"), check=True, **QUIET)
        out = storm.index_killed(kills, within=1.5 + scale)  # each attempt gets somewhere
        print(
            f"   {made:,} files, killed {storm.killed} times {dict(storm.phases)}; {out['errors']} errors", flush=True
        )
        if storm.killed < kills and scale >= 1:  # a small tree may be done before
            storm.problems.append(f"it could be killed only {storm.killed} times before it was done")
        asyncio.run(storm.compare("after the kills"))
        storm.verify()
        before = asyncio.run(storm.rows())
        again = storm.index_killed(0, within=0)
        if asyncio.run(storm.rows()) != before or any(again[name] for name in ("new", "modified", "moved", "deleted")):
            storm.problems.append("a run over the unchanged tree has written something")
        wanted = storm.change(round(CHANGES * max(scale, 0.1)))
        runs = len(asyncio.run(storm.outputs()))
        storm.index_killed(2, within=1.5)  # a third death without progress ends a job, as it should
        found = asyncio.run(storm.outputs())[runs:]  # more than one where a run was killed when it had just ended
        seen = {name: sum(output[name] for output in found) for name in wanted}
        print(f"   changes: {dict(wanted)}; found: {seen}", flush=True)
        if seen != dict(wanted):
            storm.problems.append("a change was taken for another one")
        asyncio.run(storm.compare("after the changes"))
        storm.tree.rename(Path(folder, "away"))
        storm.tree.mkdir()
        before = asyncio.run(storm.rows())
        offline = storm.index_killed(0, within=0)
        if not offline["offline"] or offline["deleted"]:
            storm.problems.append("an absent disk was taken for an empty folder")
        shutil.rmtree(storm.tree)
        Path(folder, "away").rename(storm.tree)
        back = storm.index_killed(0, within=0)
        if back["offline"] or back["deleted"] or back["new"]:
            storm.problems.append("the disk that came back was taken for another one")
        if "Traceback" in (said := storm.said.read_text()):
            storm.problems.append(f"a person who killed it was shown a traceback: {said[:2_000]}")
    for problem in storm.problems:
        print(f"   VIOLATION {problem}")
    return len(storm.problems)
