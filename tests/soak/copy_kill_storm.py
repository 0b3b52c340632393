"""`kill -9` in the middle of copies and moves of a hostile tree, again and again.

    python -m tests.soak.copy_kill_storm [--scale 1.0] [--kind copy|move|both] [--seed N]

Half of the kills come at a random moment between the first and the last step, half at a chosen step. After each: no
short file under a final name, and for a move no source gone without its copy. After each second kill the job is run
to its end: the trees are equal in everything, each oddity is an item, no entry is counted twice. Prints its counts,
and ends with 1 at any violation.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests import abilities, hostile_trees
from tests.hostile_trees import Hostile
from tests.mounts import Mounts
from tests.soak.copy_child import STEPS

NAME = "copy-kill"
MOMENTS = 500
KILLS_A_JOB = 2
"""One less than what the engine takes for a job that kills its worker."""
CHOSEN = ("walk", "data", "metadata", "flush", "rename")
PATIENCE = 120.0


@dataclass(slots=True)
class Storm:
    """One storm over copies or over moves."""

    kind: str
    ground: Path
    destination: Path
    dice: random.Random
    hits: Counter[str] = field(default_factory=Counter[str])
    jobs: int = 0
    kills: int = 0
    missed: int = 0
    violations: list[str] = field(default_factory=list[str])

    def run(self, moments: int) -> None:
        reference = hostile_trees.build(self.ground / "reference", files=120, big=24 << 20)
        duration = 1.0
        while self.kills < moments and len(self.violations) < 10:
            tree = hostile_trees.build(self.ground / "source", files=120, big=24 << 20)
            self.jobs += 1
            finished = ""
            for _ in range(min(KILLS_A_JOB, moments - self.kills)):
                finished = self._kill_once(tree, duration)
                self._check_between(tree, reference)
                if finished:  # the kill came too late: another run would be another job
                    break
            started = time.monotonic()
            self._finish(tree, reference, finished)
            duration = max(0.05, min(duration, time.monotonic() - started))
            for leftover in (self.ground / "source", self.destination / "source", self.ground / "library"):
                hostile_trees.remove(leftover)
        for tree_path in (self.ground / "reference",):
            hostile_trees.remove(tree_path)

    def _command(self, tree: Hostile) -> list[str]:
        child = [sys.executable, "-m", "tests.soak.copy_child", str(self.ground / "library"), self.kind]
        return [*abilities.without_dac_prefix(), *child, str(tree.root), str(self.destination)]

    def _kill_once(self, tree: Hostile, duration: float) -> str:
        """What the job reported, if it ended before it was killed."""
        steps = self.ground / "steps"
        steps.write_bytes(b"\0")
        chosen = self.dice.choice([*CHOSEN, "unlink"] if self.kind == "move" else CHOSEN)
        by_time = self.dice.random() < 0.5
        environment = dict(os.environ)
        if not by_time:
            environment["SPACEDRIVE_JOBS_FAILPOINTS"] = f"copy.{chosen}=kill@{self._nth(chosen)}"
        child = subprocess.Popen(
            [*self._command(tree), str(steps)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        if by_time:
            end = time.monotonic() + PATIENCE
            while steps.read_bytes() == b"\0" and child.poll() is None and time.monotonic() < end:
                pass
            time.sleep(self.dice.uniform(0, duration * 0.3))  # noqa: TID251 - the random moment
            child.kill()
        report, complaint = child.communicate(timeout=PATIENCE)
        if child.returncode != -9:
            self.missed += 1
            if child.returncode != 0:
                self.violations.append(f"the child ended with {child.returncode}: {complaint.decode()[-500:]}")
            return report.decode()
        step = steps.read_bytes()[0]
        self.kills += 1
        self.hits[STEPS[step - 1] if step else "before"] += 1
        return ""

    def _nth(self, step: str) -> int:
        most = {"walk": 300, "data": 80, "metadata": 250, "flush": 8, "rename": 90, "unlink": 60}[step]
        return self.dice.randint(1, most)

    def _check_between(self, tree: Hostile, reference: Hostile) -> None:
        copied = self.destination / "source"
        if copied.exists():
            self._check_finals(reference.root, copied)
        if self.kind == "move":
            self._check_sources(tree, reference, copied)

    def _check_finals(self, reference: Path, copied: Path) -> None:
        for parent, folders, files, fd in os.fwalk(os.fsencode(copied), follow_symlinks=False):
            if len(parent) > 3000:
                folders.clear()  # deeper, the last comparison looks
            inside = os.path.relpath(parent, os.fsencode(copied))
            for name in files:
                if name.startswith(b".sd-"):
                    continue
                status = os.stat(name, dir_fd=fd, follow_symlinks=False)
                wanted = os.lstat(os.path.join(os.fsencode(reference), inside, name))
                if stat.S_ISREG(status.st_mode) and (status.st_size, status.st_mtime_ns, status.st_mode) != (
                    wanted.st_size,
                    wanted.st_mtime_ns,
                    wanted.st_mode,
                ):
                    self.violations.append(f"short or unfinished under its final name: {os.path.join(inside, name)!r}")

    def _check_sources(self, tree: Hostile, reference: Hostile, copied: Path) -> None:
        for parent, folders, files, _ in os.fwalk(os.fsencode(reference.root), follow_symlinks=False):
            if len(parent) > 3000:
                folders.clear()
            inside = os.path.relpath(parent, os.fsencode(reference.root))
            for name in files:
                source = os.path.join(os.fsencode(tree.root), inside, name)
                target = os.path.join(os.fsencode(copied), inside, name)
                if not os.path.lexists(source) and not os.path.lexists(target):
                    self.violations.append(f"gone from the source and not in the destination: {source!r}")

    def _finish(self, tree: Hostile, reference: Hostile, finished: str) -> None:
        if not finished:
            done = subprocess.run(self._command(tree), capture_output=True, text=True, check=False, timeout=PATIENCE)
            if done.returncode != 0:
                self.violations.append(
                    f"the last run ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}"
                )
                return
            finished = done.stdout
        report = json.loads(finished)
        copied = self.destination / "source"
        odd = reference.specials | (reference.unreadable if abilities.without_dac_prefix() else frozenset())
        compared = hostile_trees.compare(reference.root, copied, leave_out=odd)
        self.violations += compared.problems[:5]
        self.violations += [f"left over: {path!r}" for path in hostile_trees.partials_in(copied)[:5]]
        self._check_items(report, tree, odd, reference)
        if self.kind == "move":
            self._check_what_stayed(report, tree)

    def _check_items(
        self, report: dict[str, list[list[str]]], tree: Hostile, odd: frozenset[bytes], reference: Hostile
    ) -> None:
        items = Counter(
            bytes.fromhex(raw) for raw, outcome, _ in report["items"] if self.kind == "copy" or outcome == "ok"
        )
        self.violations += [f"counted {count} times: {path!r}" for path, count in items.items() if count > 1][:5]
        listed = {bytes.fromhex(raw) for raw, outcome, _ in report["items"] if outcome in ("warning", "error")}
        expected = {path.replace(os.fsencode(reference.root), os.fsencode(tree.root), 1) for path in odd}
        self.violations += [f"no item tells of {path!r}" for path in expected - listed][:5]

    def _check_what_stayed(self, report: dict[str, list[list[str]]], tree: Hostile) -> None:
        told = {bytes.fromhex(raw) for raw, outcome, _ in report["items"] if outcome != "ok"}
        for parent, _, files, _ in os.fwalk(os.fsencode(tree.root), follow_symlinks=False):
            for name in files:
                path = os.path.join(parent, name)
                if path not in told and not any(path.startswith(known + b"/") for known in told):
                    self.violations.append(f"stayed in the source and no item says why: {path!r}")

    def verdict(self) -> str:
        steps = ", ".join(f"{step} {self.hits[step]}" for step in STEPS)
        return (
            f"{self.kind}: {self.kills} kills in {self.jobs} jobs ({self.missed} came too late); hits: {steps}; "
            f"{len(self.violations)} violations"
        )


def storm(kind: str, moments: int, seed: int) -> Storm:
    """Run one storm on a disk of its own, and take everything away again."""
    ground = Path(tempfile.mkdtemp(prefix="sdjobs-storm-", dir=abilities.disk_root()))
    try:
        with Mounts(ground / "mounts") as mounts:
            destination = mounts.disk("ext4", size_mib=256).path if kind == "move" else ground / "destination"
            destination.mkdir(exist_ok=True)
            result = Storm(kind, ground, destination, random.Random(seed))
            result.run(moments)
            return result
    finally:
        hostile_trees.remove(ground)


def run(scale: float, kinds: Sequence[str] = ("copy", "move"), seed: int = 1) -> int:
    failed = False
    for kind in kinds:
        result = storm(kind, max(6, round(MOMENTS * scale)), seed)
        print(f"   {result.verdict()}", flush=True)
        for violation in result.violations[:20]:
            print(f"     {violation}")
        failed = failed or bool(result.violations)
        needed = [*CHOSEN, "unlink"] if kind == "move" else CHOSEN
        if scale >= 1 and (unhit := [step for step in needed if not result.hits[step]]):
            print(f"     never hit: {', '.join(unhit)}")
            failed = True
    return 1 if failed else 0


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--kind", choices=["copy", "move", "both"], default="both")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    return run(chosen.scale, ["copy", "move"] if chosen.kind == "both" else [chosen.kind], chosen.seed)


if __name__ == "__main__":
    sys.exit(main())
