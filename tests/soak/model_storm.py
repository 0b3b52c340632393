"""The queue against its model: ten thousand random stories of dispatch, claim, crash, pause, retry and schedule."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.machine import QueueMachine

NAME = "model"
STORIES = 10_000
STEPS = 60


def run(scale: float) -> int:
    """0 where the store and the model agreed after every step."""
    done: Counter[str] = Counter()

    class Counted(QueueMachine):
        def teardown(self) -> None:
            done["stories"] += 1
            done["jobs"] += len(self.model.jobs)
            done["claims"] += len(self.claims)
            done.update(job.status for job in self.model.jobs.values())
            super().teardown()

    stories = max(1, round(STORIES * scale))
    machine = settings(max_examples=stories, stateful_step_count=STEPS, deadline=None, database=None)
    try:
        run_state_machine_as_test(Counted, settings=machine)
    except AssertionError as error:
        print(f"   the store and the model differ: {error}")
        return 1
    print("   " + ", ".join(f"{count:,} {name}" for name, count in sorted(done.items())))
    return 0
