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
