"""What a handler asks for by the name of its parameter; `app` provides it."""

from __future__ import annotations

from typing import TypeAlias

from litestar.di import NamedDependency

from sdjobs.web.callers import Caller
from sdjobs.web.disk_threads import DiskThreads
from sdjobs.web.feed import Feed
from sdjobs.web.options import WebOptions
from sdjobs.web.page import Page
from sdjobs.web.tokens import Doorkeeper
from sdjobs.web.totals import IndexTotals
from spacedrive_jobs import Library

GivenLibrary: TypeAlias = NamedDependency[Library]
GivenCaller: TypeAlias = NamedDependency[Caller]
GivenOptions: TypeAlias = NamedDependency[WebOptions]
GivenDoorkeeper: TypeAlias = NamedDependency[Doorkeeper]
GivenFeed: TypeAlias = NamedDependency[Feed]
GivenTotals: TypeAlias = NamedDependency[IndexTotals]
GivenDisks: TypeAlias = NamedDependency[DiskThreads]
GivenPage: TypeAlias = NamedDependency[Page]
