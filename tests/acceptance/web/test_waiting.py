"""What the page asks about what waits, and before it clears a span of the history."""

from __future__ import annotations

from datetime import timedelta

from sdjobs import clock
from tests.acceptance.web.conftest import Mounted


async def test_what_waits_is_listed_in_its_order(web: Mounted) -> None:
    await web.post("/api/queue/pause", {})
    made = [
        (await web.post("/api/jobs", {"kind": "web.quick", "arguments": {"number": number}}, status=201))["id"]
        for number in range(3)
    ]
    await web.post(f"/api/jobs/{made[2]}/front")
    listed = [job["id"] for job in (await web.get("/api/jobs/waiting", limit=2))["jobs"]]
    assert listed == [made[2], made[0]]


async def test_jobs_of_a_span_are_counted(web: Mounted) -> None:
    await web.post("/api/queue/pause", {})
    await web.post("/api/jobs", {"kind": "web.quick"}, status=201)
    now = clock.now()
    before, after = now - timedelta(hours=1), now + timedelta(hours=1)
    assert (await web.get("/api/jobs/count", created_from=before.isoformat()))["count"] == 1
    assert (await web.get("/api/jobs/count", created_from=after.isoformat()))["count"] == 0
    refused = await web.client.get("/api/jobs/count", params={"created_from": "2026-11-25T14:00:00"})
    assert (refused.status_code, refused.json()["parameters"][0]["name"]) == (400, "created_from")


async def test_a_kind_with_a_dot_has_its_page(web: Mounted) -> None:
    found = await web.client.get("/new/web.quick")
    assert (found.status_code, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await web.client.get("/favicon.ico")).status_code == 404


async def test_a_job_without_a_sentence_of_its_own_is_called_by_what_its_kind_does(web: Mounted) -> None:
    made = await web.post("/api/jobs", {"kind": "web.quick"}, status=201)
    assert (await web.get(f"/api/jobs/{made['id']}"))["title"] == "Do nothing, and give the number back"


async def in_line(web: Mounted, limit: int = 2, **query: object) -> list[str]:
    """All that waits, read part by part."""
    found: list[str] = []
    after: dict[str, object] = {}
    while True:
        page = await web.get("/api/jobs/waiting", limit=limit, **query, **after)
        found += [job["id"] for job in page["jobs"]]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def dispatched(web: Mounted, count: int) -> list[str]:
    return [
        (await web.post("/api/jobs", {"kind": "web.quick", "arguments": {"number": number}}, status=201))["id"]
        for number in range(count)
    ]


async def test_a_job_is_put_elsewhere_in_line(web: Mounted) -> None:
    await web.post("/api/queue/pause", {})
    a, b, c, d = await dispatched(web, 4)
    assert (await web.post(f"/api/jobs/{d[-8:]}/place", {"before": b}))["id"] == d
    await web.post(f"/api/jobs/{a}/place", {"after": b[-8:]})
    assert await in_line(web) == [d, b, a, c]
    await web.post(f"/api/jobs/{c}/place", {"end": "first"})
    await web.post(f"/api/jobs/{d}/place", {"end": "last"})
    assert await in_line(web) == [c, b, a, d]
    done = await web.post("/api/jobs/place", {"jobs": [d, a], "before": c})
    assert (done["count"], done["sentence"]) == (2, "2 jobs moved.")
    assert await in_line(web) == [d, a, c, b]
    await web.post(f"/api/jobs/{c}/priority", {"priority": 5})
    assert (await web.post(f"/api/jobs/{b}/place", {"before": c}))["priority"] == 5
    await web.post(f"/api/jobs/{a}/pause")
    assert await in_line(web) == [b, c, d]
    assert await in_line(web, status=["queued", "paused"]) == [b, c, d, a]
    assert await in_line(web, status="paused") == [a]
    assert await in_line(web, text="QUICK") == await in_line(web, kind="web.quick") == [b, c, d]
    assert await in_line(web, kind="web.waits") == []
    audit = (web.library.path / "logs" / "web-audit.log").read_text()
    assert f'"where":{{"before":"{b}","after":null,"end":null}}' in audit
    assert f'"jobs":["{d}","{a}"]' in audit


async def test_what_cannot_be_put_there_is_refused_in_words(web: Mounted) -> None:
    (ended,) = await dispatched(web, 1)
    await web.library.jobs.handle_of((await web.library.jobs.find(ended)).id).wait()
    await web.post("/api/queue/pause", {})
    a, b = await dispatched(web, 2)
    nobody = "0" * 32
    for path, body, status, code in (
        (f"/api/jobs/{ended}/place", {"end": "first"}, 409, "transition_refused"),
        (f"/api/jobs/{a}/place", {"before": ended}, 409, "transition_refused"),
        ("/api/jobs/place", {"jobs": [b, ended], "end": "first"}, 409, "transition_refused"),
        (f"/api/jobs/{a}/place", {"before": nobody}, 404, "job_not_found"),
        (f"/api/jobs/{a}/place", {"after": a}, 422, "value_invalid"),
        (f"/api/jobs/{a}/place", {}, 422, "value_invalid"),
        (f"/api/jobs/{a}/place", {"after": b, "end": "last"}, 422, "value_invalid"),
        (f"/api/jobs/{a}/place", {"end": "middle"}, 400, "request_invalid"),
        ("/api/jobs/place", {"jobs": [], "end": "first"}, 400, "request_invalid"),
    ):
        refused = await web.client.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), (path, body, refused.text)
        assert refused.headers["content-type"] == "application/problem+json"
    detail = (await web.client.post(f"/api/jobs/{a}/place", json={"before": ended})).json()["detail"]
    assert detail == f"Cannot put another beside job {ended[-8:]}: it is completed."
    assert await in_line(web) == [a, b]


async def test_a_cursor_of_the_line_is_checked(web: Mounted) -> None:
    for wrong in ("x", "3.0.0." + "0" * 32, "0.0.0", "0.0." + "9" * 19 + "." + "0" * 32):
        refused = await web.client.get("/api/jobs/waiting", params={"after": wrong})
        assert refused.status_code == 400, wrong
    assert (await web.get("/api/jobs/waiting", after="2.0.0." + "0" * 32))["jobs"] == []
