"""Open pages in a real browser while everything around them fails: in the end each of them shows what is so.

Jobs of two processes run, fail, wait, are paused, cancelled, done again and deleted. Meanwhile the server or the worker
is killed, or the server and the browser stand still as under a closed lid; connections break or say nothing more;
clients read nothing; the wall clock is turned. After each fault every page must come to show what a SELECT over the
store finds: counts, rows and their places. A client of the events beside them checks that no change is left out and
none comes twice.
"""

from __future__ import annotations

import random
import socket
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from playwright.sync_api import Browser, sync_playwright

from spacedrive_jobs import BlockingLibrary, Library
from tests import abilities
from tests.acceptance.page import page_jobs
from tests.acceptance.page.conftest import FLAGS, TOKEN
from tests.soak.cutting_proxy import CuttingProxy
from tests.soak.page_deeds import Deeds
from tests.soak.page_follower import Follower
from tests.soak.page_processes import Process, Renderers, free_port, silent_client
from tests.soak.page_truth import Truth, read_truth
from tests.soak.page_views import Views, open_views, read
from tests.soak.turned_clock import turn
from tests.waiting import eventually

NAME = "page"
ROUNDS = 220
FILL = 320
"""Ended jobs at the beginning: more than a long list asks for at once."""
PATIENCE = 60.0
"""Seconds in which all pages must be right again: a page tries to come back after ten at the latest."""
STUCK = 2.0
"""A process that was stopped may hold the store; then what others do waits until it goes on."""
HOUR = 3_600
VERY_MANY = 5_200
"""Jobs: more than ten thousand changes, after which a stream tells no more of them (`sdjobs.web.feed.BEHIND`)."""
SILENT = 44.0
"""Seconds: a page gives a connection up after 40 without a word (`SILENT` in `stream.ts`)."""
LONG_PARTS = 4
LONG_EVERY = 60
"""Rounds."""
MOST_SILENT = 6


class Storm:
    def __init__(self, folder: Path, browser: Browser, library: BlockingLibrary, dice: random.Random) -> None:
        self.library, self.dice = library, dice
        self.clock, self.port = folder / "clock", free_port()
        turn(self.clock, 0)
        self.server, self.worker = (Process(folder, self.clock, name) for name in ("server", "worker"))
        self.start_server()
        self.start_worker()
        self.proxy = CuttingProxy(self.port)
        self.renderers = Renderers()
        self.deeds = Deeds(library, dice, folder)
        self.thread = ThreadPoolExecutor(1)
        self.silent: list[socket.socket] = []
        self.violations: list[str] = []
        self.looks = 0
        url = f"http://127.0.0.1:{self.proxy.port}"
        self.follower = Follower(url, TOKEN)
        self.follower.follow()
        self.trouble: list[str] = []
        self.views: Views = open_views(browser, url, self.trouble)
        self.views.look_at(self.deeds.some_job())

    def start_server(self) -> None:
        """It runs jobs as well, or leaves them to the worker."""
        only = ["--page-only"] if self.dice.random() < 0.5 else []
        self.server.start("serve", "--port", str(self.port), "--token", TOKEN, *only)

    def start_worker(self) -> None:
        self.worker.start("worker")

    def close(self) -> None:
        for client in self.silent:
            client.close()
        self.follower.close()
        self.proxy.close()
        self.worker.close()
        self.server.close()
        self.thread.shutdown()

    # --- one round ----------------------------------------------------------------------------------------------------

    def round(self, fault: Callable[[Storm], None], name: str) -> None:
        """Half of them come into the middle of many changes, and half into silence: what a fault leaves behind is not
        mended by what is told of others."""
        silent = self.dice.random() < 0.5
        self.views.look_at(self.deeds.some_job())
        self.views.scroll(self.dice, len(self.truth().ended))
        self.deeds.some()
        if silent:
            self.judge(f"what came before {name}")
        fault(self)
        if not silent:
            self.deeds.some()
        self.judge(name)

    def meanwhile(self) -> Future[None]:
        """What others do while something stands still: as far as they get. To be waited for when it has gone on."""
        work = self.thread.submit(self.deeds.some)
        wait([work], STUCK)
        return work

    def truth(self) -> Truth:
        runners = self.library.jobs.runners()
        attended = any(one.mode == "all" and one.state in ("alive", "silent", "no_space") for one in runners)
        return read_truth(self.library.path, attended=attended)

    def judge(self, after: str) -> None:
        """Wait until nothing moves in the store and all pages show it."""
        found: list[str] = ["not looked at"]

        def agrees() -> bool:
            truth = self.truth()
            self.follower.follow()
            found[:] = read(self.views, truth)
            if self.follower.cursor != truth.last:
                found.append(f"the events are told up to {self.follower.cursor}, not {truth.last}")
            if self.truth() != truth:
                found.append("something moves")
            return not found

        try:
            eventually(agrees, within=PATIENCE, every=0.1)
            self.looks += 1
        except AssertionError:
            self.violations += [f"after {after}: {one}" for one in found]
        self.violations += [f"after {after}: {one}" for one in self.follower.violations]
        self.follower.violations.clear()
        # That requests failed is what is done to them here; that code of the page failed is not.
        self.violations += [f"after {after}: {one}" for one in self.trouble if one.startswith("error:")]
        self.trouble.clear()


# --- what fails -------------------------------------------------------------------------------------------------------


def the_server_is_killed(storm: Storm) -> None:
    storm.server.kill()
    storm.deeds.some()
    storm.start_server()


def the_server_stands_still(storm: Storm) -> None:
    storm.server.stop()
    work = storm.meanwhile()
    storm.server.go_on()
    work.result(PATIENCE)


def the_worker_is_killed(storm: Storm) -> None:
    storm.worker.kill()
    storm.deeds.some()
    storm.start_worker()


def connections_break(storm: Storm) -> None:
    storm.proxy.cut()


def connections_say_nothing_more(storm: Storm) -> None:
    storm.proxy.hold()
    storm.deeds.some()
    storm.proxy.cut()
    storm.proxy.release()


def more_happens_than_is_told(storm: Storm) -> None:
    """While connections say nothing: what is too far behind is told to look anew, over the connection that it had or
    over another one."""
    storm.proxy.hold()
    storm.deeds.very_many(VERY_MANY)
    if storm.dice.random() < 0.5:
        storm.proxy.cut()
    storm.proxy.release()


def the_browser_stands_still(storm: Storm) -> None:
    storm.renderers.stop()
    storm.deeds.some()
    storm.renderers.go_on()


def the_browser_stands_still_for_longer_than_it_waits(storm: Storm) -> None:
    """As seen from the page, nothing has come for so long that it gives the connection up: what had come meanwhile lies
    unread beside it."""
    storm.renderers.stop()
    for _ in range(LONG_PARTS):
        storm.deeds.some()
        Event().wait(SILENT / LONG_PARTS)  # nothing sets it; a browser's own clock cannot be turned
    storm.renderers.go_on()


def the_lid_is_closed(storm: Storm) -> None:
    """Everything here stands still, and when it is opened it is an hour later; the worker may be on another machine."""
    storm.renderers.stop()
    storm.server.stop()
    work = storm.meanwhile()
    turn(storm.clock, HOUR)
    storm.server.go_on()
    storm.renderers.go_on()
    work.result(PATIENCE)


def the_clock_is_turned(storm: Storm) -> None:
    turn(storm.clock, storm.dice.choice((-HOUR, 0, HOUR)))


def a_client_reads_nothing(storm: Storm) -> None:
    storm.silent.append(silent_client(storm.port))
    if len(storm.silent) > MOST_SILENT:
        storm.silent.pop(0).close()


def history_is_deleted(storm: Storm) -> None:
    storm.deeds.delete_some()


def the_order_is_changed(storm: Storm) -> None:
    storm.deeds.put_one_first()


def history_is_deleted_while_the_server_is_gone(storm: Storm) -> None:
    """Also changes that nobody was told of: there is a hole in their numbers."""
    storm.server.kill()
    storm.deeds.some()
    storm.deeds.delete_some()
    storm.deeds.delete_the_newest()
    storm.start_server()


def a_page_is_loaded_anew(storm: Storm) -> None:
    """While things happen: its first answers are on their way together with the first events."""
    work = storm.thread.submit(storm.deeds.some)
    storm.dice.choice((storm.views.home, storm.views.history, storm.views.waiting)).reload()
    work.result(PATIENCE)


FAULTS: tuple[Callable[[Storm], None], ...] = (
    the_server_is_killed,
    the_server_stands_still,
    the_worker_is_killed,
    connections_break,
    connections_say_nothing_more,
    more_happens_than_is_told,
    the_browser_stands_still,
    the_lid_is_closed,
    the_clock_is_turned,
    a_client_reads_nothing,
    history_is_deleted,
    the_order_is_changed,
    history_is_deleted_while_the_server_is_gone,
    a_page_is_loaded_anew,
)
LONG_FAULTS: tuple[Callable[[Storm], None], ...] = (the_browser_stands_still_for_longer_than_it_waits,)
"""Of the storm at full size alone: most of a minute each."""


def run(scale: float, seed: int = 7) -> int:
    if problem := abilities.missing("chromium"):
        print(f"   left out: {problem}")
        return int(abilities.require_all())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="page-storm-", dir=abilities.disk_root())))
        library = stack.enter_context(Library.open_blocking(folder / "library", create=True, runs="none"))
        library.jobs.dispatch_many([page_jobs.quick.new(number) for number in range(FILL)])
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=abilities.CHROMIUM, args=FLAGS)
        stack.callback(browser.close)
        storm = Storm(folder, browser, library, random.Random(seed))
        stack.callback(storm.close)
        return rage(storm, max(len(FAULTS), round(ROUNDS * scale)))


def rage(storm: Storm, rounds: int) -> int:
    """Each fault is met before any comes again."""
    storm.judge("the beginning")
    faults: list[Callable[[Storm], None]] = []
    met: set[Callable[[Storm], None]] = set()
    for number in range(1, rounds + 1):
        faults = faults or storm.dice.sample(FAULTS, len(FAULTS))
        fault = storm.dice.choice(LONG_FAULTS) if number % LONG_EVERY == 0 else faults.pop()
        met.add(fault)
        storm.round(fault, fault.__name__.replace("_", " "))
    told, violations = storm.follower, storm.violations
    print(
        f"   {rounds} faults of {len(met)} kinds, {storm.looks} looks at which all pages were right; "
        f"{told.told:,} changes told over {told.lives} connections, {told.resyncs} times to look anew; "
        f"{len(violations)} violations",
        flush=True,
    )
    for violation in violations[:20]:
        print(f"     {violation}")
    return 1 if violations else 0
