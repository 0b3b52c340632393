"""The event stream: no change is left out, none comes twice, whoever is killed, stopped, slow or away."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sdjobs.web import read_tokens
from sdjobs.web.callers import Caller
from sdjobs.web.feed import Feed
from spacedrive_jobs import JobFilter, Library
from tests.acceptance.cli.conftest import SAMPLES
from tests.acceptance.cli.sample_jobs import Steps
from tests.acceptance.web.conftest import Served, Server
from tests.acceptance.web.event_stream import EventStream
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(60)  # each starts processes, on a machine that may be busy


def dispatch(served: Served, kind: str, count: int = 1, **arguments: object) -> list[str]:
    with served.client() as client:
        ids = []
        for _ in range(count):
            answer = client.post("/api/jobs", json={"kind": kind, "arguments": arguments})
            assert answer.status_code == 201, answer.text
            ids.append(answer.json()["id"])
    return ids


def counts(served: Served) -> dict[str, int]:
    with served.client() as client:
        found: dict[str, int] = client.get("/api/statistics").json()
    return {status: count for status, count in found.items() if count and status != "kinds"}


def wait_until_ended(served: Served, count: int) -> None:
    def all_ended() -> bool:
        now = counts(served)
        return now.get("completed", 0) + now.get("failed", 0) + now.get("cancelled", 0) == count

    eventually(all_ended, within=30, every=0.05, what=f"{count} jobs ended")


def has_been_told(stream: EventStream, count: int) -> None:
    eventually(lambda: len(stream.of("job")) >= count, every=0.001)


def is_whole(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True


def equals_the_store(stream: EventStream, served: Served) -> bool:
    return dict(Counter(stream.statuses().values())) == counts(served)


def test_every_change_is_told_once_in_order(served: Served) -> None:
    stream = served.stream()
    hello = stream.messages[0]
    assert (hello.event, hello.data["resumed"], hello.id) == ("hello", False, hello.data["cursor"])
    dispatch(served, "example.steps", 40, total=1)
    wait_until_ended(served, 40)
    eventually(lambda: equals_the_store(stream, served))
    assert is_whole(stream.numbers)
    assert stream.numbers[0] == hello.data["cursor"] + 1
    assert [message.id for message in stream.of("job")] == stream.numbers
    told = stream.of("job")[0].data
    assert (told["status"], told["state"]) == ("queued", "queued")


def test_a_client_that_comes_back_reads_on(served: Served) -> None:
    """Cut off again and again while jobs run: what it was told in all its lives is every change, once."""
    stream = served.stream()
    numbers: list[int] = []
    statuses: dict[str, str] = {}
    for round_ in range(5):
        dispatch(served, "example.steps", 8, total=1)
        has_been_told(stream, 4)
        stream.cut()
        numbers += stream.numbers
        statuses |= stream.statuses()
        if round_ == 2:
            wait_until_ended(served, 24)  # away for longer
        stream = served.stream(last=stream.last)
        assert stream.messages[0].data["resumed"] is True
    wait_until_ended(served, 40)
    eventually(lambda: Counter({**statuses, **stream.statuses()}.values()) == Counter(counts(served)))
    assert is_whole(numbers + stream.numbers)


def test_jobs_that_another_process_ends(serve: Server) -> None:
    served = serve("--page-only")
    stream = served.stream()
    dispatch(served, "example.steps", 30, total=1)
    worker = serve.cli.start("--import", SAMPLES, "worker")
    wait_until_ended(served, 30)
    eventually(lambda: equals_the_store(stream, served))
    assert is_whole(stream.numbers)
    worker.send(signal.SIGKILL)


def test_a_server_that_is_killed_and_started_again(serve: Server) -> None:
    served = serve()
    stream = served.stream()
    dispatch(served, "example.steps", 20, total=1)
    eventually(lambda: len(stream.of("job")) > 5)
    served.started.send(signal.SIGKILL)
    eventually(lambda: stream.ended)
    again = serve()
    after = again.stream(last=stream.last)
    assert after.messages[0].data["resumed"] is True
    with again.client() as client:
        count = len(client.get("/api/jobs", params={"limit": 1000}).json()["jobs"])
    wait_until_ended(again, count)
    eventually(lambda: Counter({**stream.statuses(), **after.statuses()}.values()) == Counter(counts(again)))
    assert is_whole(stream.numbers + after.numbers)


async def work_elsewhere(path: Path) -> None:
    """Dispatch jobs that a worker runs, and wait for them."""
    async with Library.open(path, runs="none") as library:
        handles = [await library.jobs.dispatch(Steps(total=1)) for _ in range(5)]
        for handle in handles:
            await handle.wait()


def test_a_server_that_was_stopped_for_a_while(serve: Server) -> None:
    """SIGSTOP: another process works on meanwhile; what happened is told when the server goes on."""
    served = serve("--page-only")
    worker = serve.cli.start("--import", SAMPLES, "worker")
    worker.says("Running the jobs")
    stream = served.stream()
    served.started.send(signal.SIGSTOP)
    try:
        asyncio.run(work_elsewhere(serve.cli.library))
        told = len(stream.of("job"))
    finally:
        served.started.send(signal.SIGCONT)
    assert told == 0
    eventually(lambda: equals_the_store(stream, served))
    assert is_whole(stream.numbers)


def test_a_slow_client_holds_nobody_up(served: Served) -> None:
    """One that reads nothing at all: jobs run, others are told, and the server's memory does not grow with it."""
    host, port = served.url.removeprefix("http://").split(":")
    slow = socket.create_connection((host, int(port)))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(f"GET /api/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {served.full}\r\n\r\n".encode())
    stream = served.stream()
    dispatch(served, "example.steps", 60, total=3)
    wait_until_ended(served, 60)
    eventually(lambda: equals_the_store(stream, served))
    assert is_whole(stream.numbers)
    slow.close()


def test_one_that_is_too_far_behind_looks_anew(served: Served) -> None:
    """Far behind, from the future (a restored library), or where history was deleted: no gap goes unsaid."""
    with served.client() as client:
        future = served.stream(last=10**9)
        assert future.messages[0].data["resumed"] is False
        dispatch(served, "example.steps", 5, total=1)
        wait_until_ended(served, 5)
        cursor = future.messages[0].data["cursor"]
        client.post("/api/jobs/actions/clear", json={"filter": {}, "everything": True})
        dispatch(served, "example.steps", 1, total=1)
        wait_until_ended(served, 1)
        back = served.stream(last=cursor)
        eventually(lambda: back.of("resync"))
        assert back.of("job") == []
        assert back.of("resync")[0].id == back.of("resync")[0].data["cursor"]


def test_progress_moves_and_is_conflated(served: Served) -> None:
    gate = served.cli.gate()
    stream = served.stream()
    (job,) = dispatch(served, "example.steps", total=10_000, gate=str(gate))
    gate.allow(5_000)
    eventually(lambda: stream.moved() and stream.moved()[-1]["progress"]["items_done"] == 5_000, within=20, every=0.1)
    (*_, last) = stream.moved()
    assert (last["job"], last["progress"]["percent"]) == (job, "50 %")
    assert len(stream.of("progress")) < 100
    assert all(message.id is None for message in stream.of("progress"))
    gate.allow(10_000)
    wait_until_ended(served, 1)


def test_hints_of_what_is_no_job(served: Served) -> None:
    stream = served.stream()
    with served.client() as client:
        client.post("/api/queue/pause", json={"reason": "at night"})
        eventually(lambda: any("queue" in message.data["what"] for message in stream.of("changed")))
        client.put("/api/schedules/s", json={"kind": "example.steps", "arguments": {"total": 1}, "when": RULE})
        eventually(lambda: any("schedules" in message.data["what"] for message in stream.of("changed")))
        first, last = dispatch(served, "example.steps", 2, total=1)
        told = len(stream.of("changed"))
        assert client.post(f"/api/jobs/{last}/place", json={"before": first}).status_code == 200
        eventually(lambda: any("queue" in message.data["what"] for message in stream.of("changed")[told:]))


RULE = {"rule": "every", "seconds": 3600}


def test_a_change_reaches_the_client_soon(served: Served) -> None:
    """The target is 100 ms for 95 of 100; the bound here is wide, for a busy machine."""
    stream = served.stream()
    delays: list[float] = []
    with served.client() as client:
        for _ in range(20):
            count = len(stream.of("job")) + 1
            start = time.monotonic()
            client.post("/api/jobs", json={"kind": "example.steps", "arguments": {"total": 1}})
            has_been_told(stream, count)
            delays.append(time.monotonic() - start)
    assert sorted(delays)[len(delays) // 2] < 0.5


def test_a_full_house_is_refused(serve: Server) -> None:
    """Asked for all at once: one caller gets half of the places, those who may only look never the last ones."""
    served = serve()
    with ThreadPoolExecutor(80) as threads:
        streams = list(threads.map(lambda _: served.stream(), range(80)))
    assert Counter(stream.status for stream in streams) == {200: 32, 503: 48}
    with served.client(served.read) as client:
        assert client.get("/api/overview").status_code == 200
    with ThreadPoolExecutor(40) as threads:
        looking = list(threads.map(lambda _: served.stream(token=served.read), range(40)))
    assert Counter(stream.status for stream in looking) == {200: 16, 503: 24}
    with served.client() as client:
        answer = client.get("/api/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")
        assert client.post("/api/login", json={"token": served.full}).status_code == 200
        browser = served.stream(cookie=client.cookies)
    assert browser.status == 200
    next(stream for stream in streams if stream.status == 200).cut()
    eventually(lambda: served.stream().status == 200, every=0.05)


def test_a_place_that_was_promised_and_not_taken_is_free_again(tmp_path: Path) -> None:
    async def leave_at_once() -> None:
        async with Library.open(tmp_path, create=True, runs="none") as library:
            feed, caller = Feed(library), Caller("full", "token (full)")
            for _ in range(100):
                stream = feed.stream(feed.place_for(caller), None)
                del stream

    asyncio.run(leave_at_once())


async def dispatch_elsewhere(path: Path, count: int) -> None:
    async with Library.open(path, runs="none") as library:
        for _ in range(count // 1_000):
            await library.jobs.dispatch_many([Steps(total=1) for _ in range(1_000)])


def test_one_that_reads_nothing_while_much_happens_looks_anew(serve: Server) -> None:
    """Nothing piles up for it: what it is told when it reads again is to look at everything."""
    served = serve("--page-only")
    host, port = served.url.removeprefix("http://").split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        slow.settimeout(10)
        slow.sendall(
            f"GET /api/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {served.full}\r\n\r\n".encode()
        )
        assert slow.recv(1)
        with served.client() as client:
            client.get("/api/overview")
        before = resident(served.pid)
        asyncio.run(dispatch_elsewhere(served.cli.library, 20_000))
        grown = resident(served.pid) - before
        received = b""
        while b"event: resync" not in received:
            piece = slow.recv(1 << 16)
            assert piece, received[-200:]
            received += piece
    assert grown < 30_000, grown
    assert received.count(b"event: job") < 10_000


def resident(pid: int) -> int:
    """kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def test_a_stream_ends_with_what_let_it_in(served: Served) -> None:
    with served.client(None) as browser:
        assert browser.post("/api/login", json={"token": served.full}).status_code == 200
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        signed_in, by_token = EventStream(served.url, "", cookie=cookie), served.stream()
        assert (signed_in.status, by_token.status) == (200, 200)
        assert browser.post("/api/logout").status_code == 204
    eventually(lambda: signed_in.ended, what="the end of the stream of who has signed out")
    dispatch(served, "example.steps", total=1)
    has_been_told(by_token, 3)
    assert not by_token.ended
    read_tokens(served.cli.library, renew=True)
    eventually(lambda: by_token.ended, what="the end of the stream of a token that is no more")


def test_the_server_stops_while_pages_are_open(served: Served) -> None:
    stream = served.stream()
    start = time.monotonic()
    served.started.send(signal.SIGTERM)
    assert served.started.ends() == 0
    assert time.monotonic() - start < 8
    assert stream.ended


def test_the_memory_of_a_server_with_many_events(served: Served) -> None:
    stream = served.stream()
    dispatch(served, "example.steps", 20, total=1)
    wait_until_ended(served, 20)
    before = resident(served.pid)
    dispatch(served, "example.steps", 200, total=1)
    wait_until_ended(served, 220)
    eventually(lambda: equals_the_store(stream, served))
    assert resident(served.pid) - before < 20_000


async def clear_elsewhere(path: Path) -> None:
    async with Library.open(path, runs="none") as library:
        assert await library.jobs.clear(JobFilter()) == 3


def test_a_history_that_another_process_clears_is_told(served: Served) -> None:
    """No number tells of it: what was told before stays true, and no change is missing."""
    stream = served.stream()
    dispatch(served, "example.steps", 3, total=1)
    wait_until_ended(served, 3)
    eventually(lambda: equals_the_store(stream, served))
    asyncio.run(clear_elsewhere(served.cli.library))
    eventually(lambda: any("history" in message.data["what"] for message in stream.of("changed")))
    dispatch(served, "example.steps", 1, total=1)
    wait_until_ended(served, 1)
    eventually(lambda: len(set(stream.statuses())) == 4)
    assert is_whole(stream.numbers)
