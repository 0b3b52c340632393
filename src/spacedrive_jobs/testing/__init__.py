"""For tests of your jobs: a clock turned by hand, a library that uses it, a context that remembers, and a real crash.

`open_library` is the real engine on a real file; nothing here stands in for the store.
"""

from __future__ import annotations

from spacedrive_jobs._runtime.probe.manual import ManualProbe as ManualProbe
from spacedrive_jobs.testing._clock import ManualClock as ManualClock
from spacedrive_jobs.testing._drain import assert_dispatched as assert_dispatched
from spacedrive_jobs.testing._drain import dispatched as dispatched
from spacedrive_jobs.testing._drain import drain as drain
from spacedrive_jobs.testing._drain import refute_dispatched as refute_dispatched
from spacedrive_jobs.testing._kill import run_and_kill as run_and_kill
from spacedrive_jobs.testing._library import open_library as open_library
from spacedrive_jobs.testing._recording import RecordedItem as RecordedItem
from spacedrive_jobs.testing._recording import Recording as Recording
