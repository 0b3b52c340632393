"""What the API answers, over a real library that runs its jobs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from sdjobs.describe import job_json
from spacedrive_jobs import JobFilter, JobStatus, Library
from spacedrive_ops import FileCopyJob, IndexerJob
from tests.acceptance.web import web_jobs
from tests.acceptance.web.conftest import READ, Mounted, mounted
from tests.waiting import aeventually

NOTHING = dict.fromkeys(("queued", "running", "paused", "completed", "failed", "cancelled"), 0)


async def ended(web: Mounted, job: str) -> dict[str, Any]:
    async def looked() -> dict[str, Any] | None:
        found = await web.get(f"/api/jobs/{job}")
        return found if found["status"] in ("completed", "failed", "cancelled") else None

    found = await aeventually(looked)
    assert found is not None
    return found


async def dispatch(web: Mounted, kind: str, **arguments: object) -> str:
    found = await web.post("/api/jobs", {"kind": kind, "arguments": arguments}, status=201)
    id_ = found["id"]
    assert isinstance(id_, str)
    return id_


async def test_a_job_is_dispatched_by_name_and_told_of(web: Mounted) -> None:
    id_ = await dispatch(web, "web.quick", number=7)
    job = await ended(web, id_)
    assert (job["status"], job["output"], job["arguments"]) == ("completed", 7, {"number": 7})
    assert (job["action"]["who"], job["action"]["why"]) == ("token (full)", "asked for through the API")
    assert await web.get(f"/api/jobs/{job['short_id']}") == await web.get(f"/api/jobs/{id_}")


async def test_the_words_are_those_of_the_command_line(web: Mounted, tmp_path: Path) -> None:
    source = tmp_path / "a file"
    source.write_text("x")
    copy = FileCopyJob(sources=(source,), destination=tmp_path / "copy")
    handle = await web.library.jobs.dispatch(copy)
    await handle.wait()
    told = await web.get(f"/api/jobs/{handle.id}")
    assert told["title"] == f"Copy {source} to {tmp_path / 'copy'}"
    for name, value in job_json(await web.library.jobs.info(handle.id)).items():
        if name not in ("progress", "created_at", "started_at", "finished_at", "runner"):
            assert told[name] == value, name


def nested(depth: int) -> list[object]:
    found: list[object] = []
    for _ in range(depth):
        found = [found]
    return found


DEEP = nested(900)
NEVER = {"rule": "once", "at": "9999-12-31T23:59:59-14:00"}
ONCE_LATE = {"rule": "once", "at": "9999-12-31T23:59:59Z"}


async def test_a_wrong_argument_is_named(web: Mounted) -> None:
    answer = await web.client.post("/api/jobs", json={"kind": "web.quick", "arguments": {"number": "seven"}})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert (problem["code"], problem["parameters"][0]["name"]) == ("arguments_invalid", "number")
    assert problem["detail"].endswith(".")
    assert await web.get("/api/statistics") == {**NOTHING, "kinds": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/jobs/01999999-9999-7999-8999-999999999999", None, 404, "job_not_found"),
        ("GET", "/api/jobs/01999999-9999-7999-8999-999999999999/items", None, 404, "job_not_found"),
        ("POST", "/api/jobs/01999999-9999-7999-8999-999999999999/pause", None, 404, "job_not_found"),
        ("GET", "/api/jobs/xyz", None, 400, "request_invalid"),
        ("GET", "/api/jobs?limit=0", None, 400, "request_invalid"),
        ("GET", "/api/jobs?after=zz", None, 400, "request_invalid"),
        ("GET", "/api/jobs?status=sleeping", None, 400, "request_invalid"),
        ("GET", "/api/jobs/count?stauts=queued", None, 400, "request_invalid"),
        ("GET", "/api/jobs?limit=1&limit=2", None, 400, "request_invalid"),
        ("POST", "/api/jobs", {"kind": "no.such"}, 404, "unknown_kind"),
        ("POST", "/api/jobs", {"kind": "web.quick", "argumens": {}}, 400, "request_invalid"),
        ("POST", "/api/jobs", {"kind": "web.quick", "priority": "1"}, 400, "request_invalid"),
        ("POST", "/api/jobs/actions/cancel", {"filter": {"created_from": 0}}, 400, "request_invalid"),
        ("POST", "/api/jobs/actions/cancel", {"filter": {}}, 422, "filter_empty"),
        ("POST", "/api/jobs/actions/cancel", {"filter": {"statuses": ["failed"]}}, 422, "value_invalid"),
        ("POST", "/api/queue/pause", {"kind": ""}, 400, "request_invalid"),
        ("POST", "/api/queue/resume", {"kind": ""}, 400, "request_invalid"),
        ("POST", "/api/jobs", {"kind": "web.quick", "arguments": {"number": DEEP}}, 422, "arguments_invalid"),
        ("PUT", "/api/schedules/x", {"kind": "web.quick", "when": NEVER}, 422, "value_invalid"),
        (
            "PUT",
            "/api/schedules/x",
            {"kind": "web.quick", "when": ONCE_LATE, "jitter_seconds": 31_536_000},
            422,
            "value_invalid",
        ),
        ("POST", "/api/jobs/actions/explode", {"filter": {"kind": "x"}}, 400, "request_invalid"),
        ("GET", "/api/schedules/none", None, 404, "schedule_not_found"),
        ("DELETE", "/api/schedules/none", None, 404, "schedule_not_found"),
        ("POST", f"/api/questions/{'0' * 32}/answer", {"answer": 1}, 409, "question_not_open"),
        ("GET", f"/api/thumbnails/{'0' * 64}", None, 404, "no_thumbnail"),
        ("GET", "/api/nothing", None, 404, "not_found"),
        ("PUT", "/api/jobs", {}, 405, "method_not_allowed"),
    ],
)
async def test_every_refusal_is_a_problem_with_a_code(
    web: Mounted, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = await web.client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["detail"][:1].isupper()


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (
            "/api/jobs?limit=0",
            None,
            "The parameter `limit` must be at least 1.",
        ),
        (
            "/api/jobs?limit=many",
            None,
            "The parameter `limit` must be a whole number.",
        ),
        (
            "/api/jobs?limit=1&limit=2",
            None,
            "The parameter `limit` is given 2 times, and may be given once.",
        ),
        (
            "/api/jobs/count?stauts=queued",
            None,
            "The parameter `stauts` is not known here: did you mean status?",
        ),
        (
            "/api/jobs/xyz",
            None,
            "The parameter `job` is not what it must be: a job's id, or an unambiguous end or beginning of one.",
        ),
        (
            "/api/thumbnails/aa",
            None,
            "The parameter `digest` is not what it must be: BLAKE3 of what the file holds, in hex.",
        ),
        (
            "/api/search",
            None,
            "The parameter `text` is missing.",
        ),
        (
            "/api/jobs?status=asleep",
            None,
            "The parameter `status` is 'asleep'; it must be queued, running, paused, completed, failed or cancelled.",
        ),
        (
            "/api/jobs?retried=maybe",
            None,
            "The parameter `retried` must be true or false.",
        ),
        (
            "/api/jobs?failed_items=some",
            None,
            "The parameter `failed_items` must be true or false.",
        ),
        (
            f"/api/jobs?text={'x' * 201}",
            None,
            "The parameter `text` must be at most 200 characters long.",
        ),
        (
            "/api/jobs",
            '{"kind": "web.quick"',
            "The JSON that was sent is not whole: it ends too early, or has half of a surrogate pair in it.",
        ),
        (
            "/api/jobs",
            '{"kind": "web.quick", "priority": "1"}',
            "The field `priority` must be a whole number.",
        ),
        (
            "/api/jobs",
            '{"kind": "web.quick", "argumens": {}}',
            "The body has a field 'argumens', which is not known here.",
        ),
        (
            "/api/jobs",
            "{}",
            "The body lacks the field 'kind'.",
        ),
        (
            "/api/jobs",
            '{"kind": "web.quick", "arguments": {"number": "7"}}',
            "Argument 'number' of 'web.quick' must be a whole number.",
        ),
        (
            "/api/jobs/actions/cancel",
            '{"filter": {"created_from": "monday"}}',
            "The field `filter.created_from` must be a moment with its offset from UTC, such as 2026-11-25T14:00:00Z.",
        ),
        (
            "/api/jobs",
            '{"kind": "hash", "arguments": {"paths": ["photos"]}}',
            "Arguments of 'hash': paths: 'photos' is not absolute, and whoever runs the job "
            "may stand in another folder.",
        ),
        (
            "/api/jobs",
            '{"kind": "hash", "arguments": {"paths": ["/a\\u0000b"]}}',
            "Arguments of 'hash': paths: '/a%00b' holds a NUL, which no name has.",
        ),
    ],
)
async def test_what_does_not_fit_is_said_in_a_sentence(web: Mounted, path: str, body: str | None, said: str) -> None:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    method = "POST" if body is not None else "GET"
    answer = await web.client.request(method, path, content=body, headers=headers)
    assert (answer.status_code in (400, 422), answer.json()["detail"]) == (True, said)


async def test_pages_follow_one_another(web: Mounted) -> None:
    await web.library.jobs.dispatch_many([web_jobs.quick.new(number) for number in range(25)])

    async def all_ended() -> bool:
        return (await web.library.jobs.counts())[JobStatus.COMPLETED] == 25

    await aeventually(all_ended)
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await web.get("/api/jobs", limit=10, status="completed", **({"after": after} if after else {}))
        seen += [job["id"] for job in page["jobs"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


async def test_jobs_are_found_by_status_kind_and_text(web: Mounted, tmp_path: Path) -> None:
    gate = tmp_path / "Holiday Gate"
    waits = await dispatch(web, "web.waits", gate=str(gate))
    for number in range(3):
        await ended(web, await dispatch(web, "web.quick", number=number))
    assert [job["id"] for job in (await web.get("/api/jobs", text="holiday gate"))["jobs"]] == [waits]
    assert len((await web.get("/api/jobs", kind="web.quick"))["jobs"]) == 3
    both = await web.get("/api/jobs", status=["running", "completed"])
    assert len(both["jobs"]) == 4
    assert (await web.get("/api/jobs/count", text="holiday"))["sentence"] == "1 job."
    assert (await web.get("/api/jobs/count", text="100%_"))["count"] == 0
    gate.touch()


async def test_what_is_known_of_one_job(web: Mounted, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    id_ = await dispatch(web, "web.waits", gate=str(gate))

    async def moves() -> bool:
        running = (await web.get("/api/jobs/running"))["jobs"]
        return bool(running) and running[0]["progress"]["phases"] == ["waiting"]

    await aeventually(moves)
    (job,) = (await web.get("/api/jobs/running"))["jobs"]
    assert (job["id"], job["state"], job["can"]) == (id_, "running", ["pause", "cancel", "abort"])
    assert (job["progress"]["percent"], job["progress"]["items"]) == ("25 %", "1 of 4 items")
    sentences = (await web.get(f"/api/jobs/{id_}/explain"))["sentences"]
    assert sentences[1] == "It is running."
    assert any("which is alive" in one for one in sentences)
    gate.touch()
    await ended(web, id_)
    events = (await web.get(f"/api/jobs/{id_}/events"))["events"]
    assert [event["status"] for event in events] == ["queued", "running", "completed"]


async def test_items_notes_log_and_children(web: Mounted) -> None:
    parent = await ended(web, await dispatch(web, "web.parent"))
    children = (await web.get(f"/api/jobs/{parent['id']}/children"))["jobs"]
    assert [child["kind"] for child in children] == ["web.quick"] * 2
    assert {child["parent"] for child in children} == {parent["id"]}
    items = await ended(web, await dispatch(web, "web.items", good=5, bad=2))
    assert (items["trouble"], items["can"]) == ("2 items failed", ["retry"])
    page = await web.get(f"/api/jobs/{items['id']}/items", limit=4)
    rest = await web.get(f"/api/jobs/{items['id']}/items", after=page["next"])
    assert [item["shown"] for item in page["items"] + rest["items"]] == [
        *(f"/good/{number}" for number in range(5)),
        "/bad/0",
        "/bad/1",
    ]
    failed = await web.get(f"/api/jobs/{items['id']}/items", outcome="error")
    assert {item["reason"] for item in failed["items"]} == {"it is bad"}


async def test_only_the_failed_items_are_done_again(web: Mounted) -> None:
    first = await ended(web, await dispatch(web, "web.items", good=50, bad=3))
    again = await web.post(f"/api/jobs/{first['id']}/retry", status=201)
    assert again["retry_of"] == first["id"]
    done = await ended(web, again["id"])
    assert (done["output"], done["trouble"]) == (3, "")


async def test_jobs_of_which_items_failed_are_a_list_and_a_filter(web: Mounted) -> None:
    """Though they completed, and as long as they were not tried again."""
    some = await ended(web, await dispatch(web, "web.items", good=1, bad=2))
    none = await ended(web, await dispatch(web, "web.items", good=1, bad=0))
    for failed_items, id_ in (("true", some["id"]), ("false", none["id"])):
        asked = {"failed_items": failed_items, "status": "completed", "retried": "false"}
        assert [job["id"] for job in (await web.get("/api/jobs", **asked))["jobs"]] == [id_]
        assert (await web.get("/api/jobs/count", **asked))["count"] == 1
    done = await web.post("/api/jobs/actions/retry", {"filter": {"failed_items": True}})
    assert done["count"] == 1
    assert (await web.get("/api/jobs", failed_items="true", retried="true"))["jobs"][0]["id"] == some["id"]
    assert (await web.post("/api/jobs/actions/clear", {"filter": {"failed_items": False, "ids": [some["id"]]}}))[
        "count"
    ] == 0


async def test_what_is_hostile_is_shown_and_does_nothing(web: Mounted) -> None:
    """A name that is no text, and a message that would act on a page or a terminal."""
    id_ = await dispatch(web, "web.hostile", text="<script>alert(1)</script>")
    job = await ended(web, id_)
    items = (await web.get(f"/api/jobs/{id_}/items"))["items"]
    notes = (await web.get(f"/api/jobs/{id_}/notes"))["notes"]
    lines = (await web.get(f"/api/jobs/{id_}/log"))["lines"]
    said = [
        job["why"],
        job["sentence"],
        items[0]["shown"],
        items[0]["reason"],
        notes[0]["message"],
        lines[0]["message"],
    ]
    for text in said:
        assert "<img src=x onerror=alert(1)>" in text  # as text: it is the page that must not take it for more
        assert not set(text) & {"\x1b", "\r", "\n", "\u202e", "\x00"}, text
    assert "\\xe9" in items[0]["shown"]
    listed = await web.client.get("/api/jobs")
    assert listed.headers["content-type"].startswith("application/json")
    assert listed.headers["x-content-type-options"] == "nosniff"


async def test_a_path_that_is_no_text_makes_the_round_trip(web: Mounted, tmp_path: Path) -> None:
    source = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n<b>")
    Path(source).write_text("x")
    handle = await web.library.jobs.dispatch(FileCopyJob(sources=(Path(source),), destination=tmp_path / "to"))
    await handle.wait()
    told = await web.get(f"/api/jobs/{handle.id}")
    assert "caf\\xe9\\n<b>" in told["title"]
    found = await web.post("/api/jobs", {"kind": "file_copy", "arguments": told["arguments"]}, status=201)
    again = await ended(web, found["id"])
    assert again["arguments"] == told["arguments"]


async def test_asked_of_one_job(web: Mounted, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    id_ = await dispatch(web, "web.waits", gate=str(gate))
    await web.post(f"/api/jobs/{id_}/pause")

    async def is_paused() -> bool:
        return bool((await web.get(f"/api/jobs/{id_}"))["status"] == "paused")

    await aeventually(is_paused)
    assert (await web.get(f"/api/jobs/{id_}"))["can"] == ["resume", "cancel", "abort"]
    refused = await web.client.post(f"/api/jobs/{id_}/front")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_refused")
    await web.post(f"/api/jobs/{id_}/resume")
    await web.post(f"/api/jobs/{id_}/cancel", {"reason": "no more"})
    job = await ended(web, id_)
    assert (job["status"], job["reason"], job["can"]) == ("cancelled", "no more", ["retry"])
    again = await web.post(f"/api/jobs/{id_}/retry", status=201)
    gate.touch()
    assert (await ended(web, again["id"]))["status"] == "completed"


async def test_a_waiting_job_is_put_first(web: Mounted) -> None:
    await web.post("/api/queue/pause", {"reason": "at night"})
    ids = [await dispatch(web, "web.quick", number=number) for number in range(3)]
    await web.post(f"/api/jobs/{ids[2]}/front")
    assert await web.library.jobs.ahead((await web.library.jobs.find(ids[2])).id) == 0
    job = await web.post(f"/api/jobs/{ids[0]}/priority", {"priority": 20})
    assert job["priority"] == 20
    assert "at night" in job["why"]
    await web.post("/api/queue/resume", {})
    for id_ in ids:
        assert (await ended(web, id_))["status"] == "completed"


async def test_first_is_before_what_is_more_important_and_what_runs_makes_room(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "one slot", create=True, slots=1) as library, mounted(library).client as client:
        web = Mounted(library, mounted(library).app, client)
        gates = [tmp_path / name for name in ("runs", "waits")]
        running = await dispatch(web, "web.waits", gate=str(gates[0]))
        await web.post(f"/api/jobs/{running}/priority", {"priority": 20})

        async def runs(id_: str) -> bool:
            return bool((await web.get(f"/api/jobs/{id_}"))["status"] == "running")

        await aeventually(lambda: runs(running))
        other = await dispatch(web, "web.quick", number=1)
        await web.post(f"/api/jobs/{other}/priority", {"priority": 10})
        wanted = await dispatch(web, "web.waits", gate=str(gates[1]))
        first = await web.post(f"/api/jobs/{wanted}/front")
        assert first["priority"] == 21
        await aeventually(lambda: runs(wanted))  # what ran has made room, and goes on afterwards
        gates[0].touch()
        gates[1].touch()
        for id_ in (wanted, other, running):
            assert (await ended(web, id_))["status"] == "completed"


async def test_a_queue_is_paused_by_kind(web: Mounted) -> None:
    queue = await web.post("/api/queue/pause", {"kind": "web.quick", "reason": "not now"})
    assert [(one["kind"], "not now" in one["reason"]) for one in queue["paused_queues"]] == [("web.quick", True)]
    id_ = await dispatch(web, "web.quick")
    assert "not now" in (await web.get(f"/api/jobs/{id_}"))["why"]
    assert (await web.post("/api/queue/resume", {"kind": "web.quick"}))["paused_queues"] == []
    await ended(web, id_)


async def test_a_question_is_answered(web: Mounted) -> None:
    id_ = await dispatch(web, "web.asks")

    async def asked() -> list[Any]:
        found = (await web.get("/api/questions"))["questions"]
        assert isinstance(found, list)
        return found

    (question,) = await aeventually(asked)
    assert (question["job"], question["text"], question["choices"]) == (id_, "Which way?", ["left", "right"])
    refused = await web.client.post(f"/api/questions/{question['id']}/answer", json={"answer": "up"})
    assert (refused.status_code, refused.json()["code"]) == (422, "value_invalid")
    await web.post(f"/api/questions/{question['id']}/answer", {"answer": "left"})
    assert (await ended(web, id_))["output"] == "left"


async def test_a_schedule_from_its_beginning_to_its_end(web: Mounted) -> None:
    rule = {
        "kind": "web.quick",
        "arguments": {"number": 3},
        "when": {"rule": "calendar", "unit": "days", "at": "03:00", "tz": "Europe/Berlin"},
        "misfire": {"all": 3},
        "overlap": "queue",
    }
    made = await web.client.put("/api/schedules/nightly photos", json=rule)
    assert made.status_code == 200, made.text
    told = made.json()
    assert (told["rule"], told["misfire"]) == ("every day at 03:00 (Europe/Berlin)", "all, up to 3")
    assert len(told["next_runs"]) == 5
    ran = await web.post("/api/schedules/nightly photos/run", status=201)
    assert (await ended(web, ran["id"]))["output"] == 3
    paused = await web.post("/api/schedules/nightly photos/pause")
    assert (paused["paused"], paused["next_run"]) == (True, None)
    assert paused["sentence"].endswith(", paused")
    assert paused["runs"][0]["job"] == ran["id"]
    await web.post("/api/schedules/nightly photos/resume")
    rule["when"] = {"rule": "every", "seconds": 3600}
    assert (await web.client.put("/api/schedules/nightly photos", json=rule)).json()["rule"] == "every hour"
    assert (await web.client.delete("/api/schedules/nightly photos")).status_code == 204
    assert (await web.get("/api/schedules"))["schedules"] == []


@pytest.mark.parametrize(
    "when",
    [
        {"rule": "cron", "expression": "every monday"},
        {"rule": "cron", "expression": "0 3 * * *", "tz": "Mars/Olympus"},
        {"rule": "calendar", "unit": "days", "at": "03:00", "tz": "../../etc/passwd"},
    ],
)
async def test_a_rule_that_cannot_be_is_said_in_words(web: Mounted, when: dict[str, object]) -> None:
    answer = await web.client.put("/api/schedules/one", json={"kind": "web.quick", "when": when})
    assert (answer.status_code, answer.json()["code"]) == (422, "value_invalid"), answer.text
    assert (await web.get("/api/schedules"))["schedules"] == []


async def test_once_and_cron(web: Mounted) -> None:
    once = {"kind": "web.quick", "when": {"rule": "once", "at": "2100-01-01T00:00:00Z"}}
    assert (await web.client.put("/api/schedules/one", json=once)).status_code == 200
    cron = {"kind": "web.quick", "when": {"rule": "cron", "expression": "0 3 * * *", "tz": "UTC"}}
    assert (await web.client.put("/api/schedules/two", json=cron)).json()["rule"] == "cron 0 3 * * * (UTC)"
    assert [one["id"] for one in (await web.get("/api/schedules"))["schedules"]] == ["one", "two"]


async def test_the_library_at_a_glance(web: Mounted, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "beach.jpg").write_bytes(b"one picture")
    (pictures / "copy of beach.jpg").write_bytes(b"one picture")
    (pictures / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"a longer text than that")
    handle = await web.library.jobs.dispatch(IndexerJob(root=pictures, mode="content"))
    await handle.wait()
    overview = await web.get("/api/overview")
    assert overview["files"] == 3
    assert [one["shown"] for one in overview["locations"]] == [str(pictures)]
    assert overview["counts"]["completed"] == 1
    assert (overview["sentence"], overview["role"], overview["attended"]) == ("Nothing to do.", "full", True)
    assert overview["disks"][0]["sentence"].endswith(" free")
    assert [one["library"] for one in overview["disks"]] == [True]
    found = (await web.get("/api/search", text="beach"))["entries"]
    assert {one["name"] for one in found} == {"beach.jpg", "copy of beach.jpg"}
    (first, *_) = (await web.get("/api/largest", limit=1))["entries"]
    assert first["shown"].endswith("caf\\xe9.txt")
    assert set(first["path"]) == {"bytes"}
    (group,) = (await web.get("/api/duplicates"))["groups"]
    assert (group["count"], group["wasted"], len(group["files"])) == (2, 11, 2)
    assert group["sentence"] == "2 files of 11 B, 11 B could be saved"


async def test_kinds_have_the_schema_of_their_arguments(web: Mounted) -> None:
    kinds = {one["kind"]: one for one in (await web.get("/api/kinds"))["kinds"]}
    assert kinds["web.quick"]["schema"]["properties"]["number"] == {"type": "integer", "default": 0}
    assert kinds["web.quick"]["description"] == "Do nothing, and give the number back."
    assert "file_copy" in kinds


async def test_what_the_jobs_came_to_outlives_them(web: Mounted) -> None:
    for number in range(3):
        await ended(web, await dispatch(web, "web.quick", number=number))
    await ended(web, await dispatch(web, "web.hostile"))
    await web.post("/api/jobs/actions/clear", {"filter": {}, "everything": True})
    hostile, quick = (await web.get("/api/statistics/history"))["totals"]
    assert (quick["kind"], quick["completed"], quick["run"]["count"]) == ("web.quick", 3, 3)
    assert quick["sentence"].startswith("3 completed; half took up to ")
    assert (hostile["failed"], hostile["sentence"].partition(";")[0]) == (1, "1 failed")
    assert (await web.get("/api/statistics/history", kind="web.quick"))["totals"] == [quick]
    assert (await web.get("/api/statistics/history", until="2020-01-01T00:00:00Z"))["spans"] == []
    for since, status in (("2026-01-01T00:00:00", 400), ("0.5", 400), ("2026-02-30T00:00:00Z", 422)):
        refused = await web.client.get("/api/statistics/history", params={"since": since})
        assert (refused.status_code, refused.json()["parameters"][0]["name"]) == (status, "since")
    scraped = await web.client.get("/api/metrics")
    assert scraped.headers["content-type"].startswith("text/plain")
    assert 'kind="web.quick"' in scraped.text


async def test_a_token_that_may_only_look(web: Mounted) -> None:
    async with mounted(web.library, READ).client as client:
        assert (await client.get("/api/overview")).json()["role"] == "read"
        refused = await client.post("/api/jobs", json={"kind": "web.quick"})
        assert (refused.status_code, refused.json()["code"]) == (403, "read_only")
        assert (await client.get("/api/folders")).status_code == 403
    assert await web.library.jobs.count(JobFilter()) == 0


async def test_two_hundred_queued_jobs_are_cancelled_by_one_action(web: Mounted) -> None:
    """cases.md U4: counted first, one request, all ended, and no other touched."""
    await web.library.jobs.pause_queue()
    await web.library.jobs.dispatch_many([web_jobs.quick.new(number) for number in range(200)])
    other = await dispatch(web, "web.asks")
    query = {"kind": "web.quick", "status": ["queued", "running", "paused"]}
    assert (await web.get("/api/jobs/count", **query))["sentence"] == "200 jobs."
    done = await web.post("/api/jobs/actions/cancel", {"filter": {"kind": "web.quick"}, "reason": "enough"})
    assert done == {"count": 200, "sentence": "200 jobs cancelled or cancelling."}
    counts = await web.get("/api/statistics")
    assert (counts["cancelled"], counts["queued"]) == (200, 1)
    asks, quick = counts["kinds"]
    assert asks == {"kind": "web.asks", "counts": {**NOTHING, "queued": 1}}
    assert quick == {"kind": "web.quick", "counts": {**NOTHING, "cancelled": 200}}
    assert (await web.get(f"/api/jobs/{other}"))["status"] == "queued"
    again = await web.post("/api/jobs/actions/retry", {"filter": {"text": "enough"}})
    assert again["count"] == 200
    cleared = await web.post("/api/jobs/actions/clear", {"filter": {}, "everything": True})
    assert cleared["count"] == 200


async def test_the_actions_are_written_down(web: Mounted) -> None:
    id_ = await dispatch(web, "web.quick", number=1)
    await web.client.post(f"/api/jobs/{id_}/pause")
    await web.get("/api/jobs")
    log = web.library.path / "logs" / "web-audit.log"
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    assert all(word in lines[0] for word in ("POST", "/api/jobs", "201", id_, "web.quick", "token (full)"))
    assert log.stat().st_mode & 0o777 == 0o600


async def test_many_requests_at_once(web: Mounted) -> None:
    await asyncio.gather(*(dispatch(web, "web.quick", number=number) for number in range(50)))

    async def all_ended() -> bool:
        return bool((await web.get("/api/statistics"))["completed"] == 50)

    await aeventually(all_ended)
