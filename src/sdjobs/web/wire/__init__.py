"""What the API says: values as JSON, in the words of `describe` and under the names of `--json`."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sdjobs.web.wire.details import Attempt as Attempt
from sdjobs.web.wire.details import AttemptList as AttemptList
from sdjobs.web.wire.details import Event as Event
from sdjobs.web.wire.details import EventList as EventList
from sdjobs.web.wire.details import Item as Item
from sdjobs.web.wire.details import ItemPage as ItemPage
from sdjobs.web.wire.details import Log as Log
from sdjobs.web.wire.details import LogLine as LogLine
from sdjobs.web.wire.details import Note as Note
from sdjobs.web.wire.details import NotePage as NotePage
from sdjobs.web.wire.details import Speed as Speed
from sdjobs.web.wire.details import SpeedList as SpeedList
from sdjobs.web.wire.jobs import Counters as Counters
from sdjobs.web.wire.jobs import Dispatched as Dispatched
from sdjobs.web.wire.jobs import Done as Done
from sdjobs.web.wire.jobs import Explanation as Explanation
from sdjobs.web.wire.jobs import Failure as Failure
from sdjobs.web.wire.jobs import Job as Job
from sdjobs.web.wire.jobs import JobDetails as JobDetails
from sdjobs.web.wire.jobs import JobList as JobList
from sdjobs.web.wire.jobs import JobPage as JobPage
from sdjobs.web.wire.jobs import Progress as Progress
from sdjobs.web.wire.jobs import Question as Question
from sdjobs.web.wire.jobs import QuestionPage as QuestionPage
from sdjobs.web.wire.library import CategoryTotal as CategoryTotal
from sdjobs.web.wire.library import Disk as Disk
from sdjobs.web.wire.library import DuplicateGroup as DuplicateGroup
from sdjobs.web.wire.library import DuplicateList as DuplicateList
from sdjobs.web.wire.library import Entry as Entry
from sdjobs.web.wire.library import EntryList as EntryList
from sdjobs.web.wire.library import Folder as Folder
from sdjobs.web.wire.library import FolderList as FolderList
from sdjobs.web.wire.library import Location as Location
from sdjobs.web.wire.library import Overview as Overview
from sdjobs.web.wire.queue import Counts as Counts
from sdjobs.web.wire.queue import History as History
from sdjobs.web.wire.queue import Kind as Kind
from sdjobs.web.wire.queue import KindCounts as KindCounts
from sdjobs.web.wire.queue import KindList as KindList
from sdjobs.web.wire.queue import KindStatistics as KindStatistics
from sdjobs.web.wire.queue import PausedQueue as PausedQueue
from sdjobs.web.wire.queue import Queue as Queue
from sdjobs.web.wire.queue import Runner as Runner
from sdjobs.web.wire.queue import Schedule as Schedule
from sdjobs.web.wire.queue import ScheduleDetails as ScheduleDetails
from sdjobs.web.wire.queue import ScheduleList as ScheduleList
from sdjobs.web.wire.queue import ScheduleRun as ScheduleRun
from sdjobs.web.wire.queue import Statistics as Statistics
from sdjobs.web.wire.queue import Took as Took
from sdjobs.web.wire.stream import Changed as Changed
from sdjobs.web.wire.stream import Hello as Hello
from sdjobs.web.wire.stream import Moved as Moved
from sdjobs.web.wire.stream import Movement as Movement
from sdjobs.web.wire.stream import Resync as Resync
from sdjobs.web.wire.words import Cursor as Cursor
from sdjobs.web.wire.words import Moment as Moment
from sdjobs.web.wire.words import OutcomeWord as OutcomeWord
from sdjobs.web.wire.words import PathValue as PathValue
from sdjobs.web.wire.words import RequestWord as RequestWord
from sdjobs.web.wire.words import StatusWord as StatusWord
from sdjobs.web.wire.words import Verb as Verb
from sdjobs.web.wire.words import WaitingWord as WaitingWord

TYPES: Final[tuple[type[Struct], ...]] = (
    Attempt,
    AttemptList,
    Changed,
    Counts,
    Dispatched,
    Done,
    DuplicateList,
    EntryList,
    Event,
    EventList,
    Explanation,
    FolderList,
    History,
    Hello,
    ItemPage,
    JobDetails,
    JobList,
    JobPage,
    KindList,
    Log,
    Movement,
    NotePage,
    Overview,
    QuestionPage,
    Queue,
    Resync,
    ScheduleDetails,
    ScheduleList,
    SpeedList,
    Statistics,
)
"""All that is answered, the messages of the event stream among them."""
