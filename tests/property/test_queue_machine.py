"""The queue against its model, a few hundred random stories of it; ten thousand in `make soak`."""

from __future__ import annotations

from hypothesis import settings

from tests.property.machine import QueueMachine

TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=300, stateful_step_count=60, deadline=None, derandomize=True)
