"""The queue against its model, in a few hundred random stories; ten thousand in `make soak`."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.property.machine import QueueMachine

pytestmark = pytest.mark.timeout(180)

TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=300, stateful_step_count=60, deadline=None, derandomize=True)
