"""Who gets in: nobody without a token, no other site's page, no name that is not the server's, and no path out.

cases.md U2: the API open without a login, or shut when the login is on; and the page under other rules than the API.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sdjobs.web import Tokens, TokensUnsafe, create_app, read_tokens
from sdjobs.web.tokens import WrongTries
from spacedrive_jobs import JobFilter, Library
from spacedrive_ops import thumbnail_path
from tests.acceptance.web.conftest import FULL, READ, TOKENS, Mounted, bearer, mounted

API = json.loads((Path(__file__).parents[3] / "web" / "openapi.json").read_text())
OPEN = {("POST", "/api/login")}
MUTATING = [
    (method.upper(), path)
    for path, operations in API["paths"].items()
    for method in operations
    if method != "get" and (method.upper(), path) not in OPEN
]
READING = [
    (method.upper(), path) for path, operations in API["paths"].items() for method in operations if method == "get"
]


@pytest.fixture
async def stranger(web: Mounted) -> AsyncIterator[httpx.AsyncClient]:
    """Without a token."""
    transport = httpx.ASGITransport(app=web.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8765") as client:
        yield client


def named(path: str) -> str:
    for name in ("job", "schedule", "verb", "question", "digest"):
        path = path.replace(f"{{{name}}}", {"verb": "cancel"}.get(name, "0" * 64))
    return path


async def test_nothing_is_done_or_told_without_a_token(stranger: httpx.AsyncClient) -> None:
    assert len(MUTATING) > 15
    for method, path in [*MUTATING, *READING]:
        answer = await stranger.request(method, named(path), json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_missing"), path
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_may_only_look_changes_nothing(web: Mounted) -> None:
    async with mounted(web.library, READ).client as client:
        for method, path in MUTATING:
            if path != "/api/logout":
                answer = await client.request(method, named(path), json={})
                assert (answer.status_code, answer.json()["code"]) == (403, "read_only"), path


async def test_the_page_has_the_rules_of_the_api(web: Mounted, stranger: httpx.AsyncClient) -> None:
    for path in ("/", "/jobs/0123", "/history", "/assets/index.js", "/api/jobs", "/api/openapi.json"):
        assert (await stranger.get(path)).status_code == 401, path
        assert (await web.client.get(path, headers={"Host": "evil.example"})).status_code == 421, path
        assert (await web.client.get(path, headers={"Origin": "http://evil.example"})).status_code == 403, path
        assert (await web.client.get(path, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403, path


FOREIGN_HOSTS = (
    "evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0",
    "localhost@evil.example", "localhost/evil", "", "localhost:port", "[::1", "127.0.0.1, evil.example",
)  # fmt: skip


async def test_a_name_that_is_not_the_servers(web: Mounted) -> None:
    """DNS rebinding: a stranger's page lets its own name point to this machine."""
    for host in FOREIGN_HOSTS:
        answer = await web.client.get("/api/jobs", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host"), host


async def test_names_of_this_machine(web: Mounted) -> None:
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:87", "127.8.8.8", "[::1]:87", "localhost."):
        assert (await web.client.get("/api/jobs", headers={"Host": host})).status_code == 200, host


async def test_names_that_were_given(web: Mounted) -> None:
    async with mounted(web.library, hosts=["Photos.example"], any_address=True).client as client:
        for host in ("photos.example", "192.168.1.5:8765", "[fd00::1]:8765", "localhost"):
            assert (await client.get("/api/jobs", headers={"Host": host})).status_code == 200, host
        assert (await client.get("/api/jobs", headers={"Host": "evil.example"})).status_code == 421


FORGED = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},  # another program's page on this machine
    {"Origin": "http://localhost:8765.evil.example"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
)


async def test_a_request_forged_by_another_site(web: Mounted) -> None:
    """With the browser's cookie, which a request from there might carry."""
    async with mounted(web.library).client as browser:
        del browser.headers["Authorization"]
        await browser.post("/api/login", json={"token": FULL})
        body = {"kind": "web.quick", "arguments": {}}
        for headers in FORGED:
            assert (await browser.post("/api/jobs", json=body, headers=headers)).status_code == 403, headers
        assert await web.library.jobs.count(JobFilter()) == 0
        own = {"Origin": "http://localhost:8765", "Sec-Fetch-Site": "same-origin"}
        assert (await browser.post("/api/jobs", json=body, headers=own)).status_code == 201


async def test_a_form_of_another_site_cannot_dispatch(web: Mounted) -> None:
    """What a plain HTML form can send is not what the API takes, whatever the browser says of its origin."""
    text = '{"kind": "web.quick", "arguments": {}}'
    answer = await web.client.post("/api/jobs", content=text, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")
    assert await web.library.jobs.count(JobFilter()) == 0


async def test_a_link_lets_one_browser_in_once(web: Mounted, stranger: httpx.AsyncClient) -> None:
    link = web.app.login_path()
    answer = await stranger.get(link)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"sdjobs-{web.library.id.hex}=")
    assert all(word in cookie.lower() for word in ("httponly", "samesite=strict", "path=/", "max-age="))
    assert (await stranger.get("/api/overview")).json()["role"] == "full"
    stranger.cookies.clear()
    again = await stranger.get(link)
    assert again.status_code == 401
    assert "used already" in again.text
    assert "set-cookie" not in again.headers


async def test_the_form_takes_a_token_and_leads_on(web: Mounted, stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/jobs/0123?tab=items")
    assert page.status_code == 401
    assert 'name="next" value="/jobs/0123?tab=items"' in page.text
    entered = await stranger.post("/login", data={"token": READ, "next": "/jobs/0123?tab=items"})
    assert 'content="0;url=/jobs/0123?tab=items"' in entered.text
    assert (await stranger.get("/api/overview")).json()["role"] == "read"


async def test_the_form_leads_to_no_other_site(stranger: httpx.AsyncClient) -> None:
    for following in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:a()",
        "/\t/evil.example",
    ):
        entered = await stranger.post("/login", data={"token": FULL, "next": following})
        assert 'content="0;url=/"' in entered.text, following


async def test_what_is_hostile_in_an_address_is_escaped(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get('/jobs/"><script>alert(1)</script>?x="><script>')
    assert page.status_code == 401
    assert "<script>" not in page.text


async def test_a_link_on_another_site_leads_to_the_page(web: Mounted, stranger: httpx.AsyncClient) -> None:
    """A strict cookie is not sent by it, so the page asks for itself once more, now as its own."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = await stranger.get("/jobs/0123", headers=headers)
    assert (answer.status_code, 'content="0;url=/jobs/0123"' in answer.text) == (401, True)
    headers["Sec-Fetch-Site"] = "same-origin"
    await stranger.get(web.app.login_path())
    assert (await stranger.get("/jobs/0123", headers=headers)).status_code == 200


async def test_a_cookie_is_worth_nothing_elsewhere_changed_or_given_back(web: Mounted, tmp_path: Path) -> None:
    async with mounted(web.library).client as browser:
        del browser.headers["Authorization"]
        assert (await browser.post("/api/login", json={"token": READ})).json() == {"role": "read"}
        (name, value), *_ = browser.cookies.items()
        browser.cookies.clear()

        async def tried(value: str) -> int:
            answer = await browser.get("/api/jobs", headers={"Cookie": f"{name}={value}"})
            return answer.status_code

        assert await tried(value) == 200
        crowd = f'odd={{"a": 1}}; {name}=planted; a b; =; {name}={value}'  # what other programs of this machine set
        assert (await browser.get("/api/jobs", headers={"Cookie": crowd})).status_code == 200
        for wrong in (value.replace("read", "full", 1), value[:-2], value + "x", "", ".", "...", "full.9e9.x.y"):
            assert await tried(wrong) == 401, wrong
        async with Library.open(tmp_path / "other", create=True, runs="none") as other:
            async with mounted(other).client as elsewhere:
                del elsewhere.headers["Authorization"]
                for key in (name, f"sdjobs-{other.id.hex}"):
                    answer = await elsewhere.get("/api/jobs", headers={"Cookie": f"{key}={value}"})
                    assert answer.status_code == 401
        left = await browser.post("/api/logout", headers={"Cookie": f"{name}={value}"})
        assert (left.status_code, "Max-Age=0" in left.headers["set-cookie"]) == (204, True)
        assert await tried(value) == 401


async def test_new_tokens_end_all_cookies(web: Mounted) -> None:
    async with mounted(web.library).client as browser:
        await browser.post("/api/login", json={"token": FULL})
        (name, value), *_ = browser.cookies.items()
    renewed = create_app(web.library, tokens=Tokens("another token, also long enough", READ))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=renewed), base_url="http://localhost") as client:
        assert (await client.get("/api/jobs", headers={"Cookie": f"{name}={value}"})).status_code == 401


CHOSEN = "somebody-chose-this-token"


async def test_tokens_that_can_be_guessed_are_soon_not_looked_at(web: Mounted) -> None:
    app = create_app(web.library, tokens=Tokens(CHOSEN, READ))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as stranger:
        for number in range(WrongTries.MOST):
            guess = f"guess {number}"
            if number % 2:
                answer = await stranger.post("/api/login", json={"token": guess})
            else:
                answer = await stranger.get("/api/jobs", headers=bearer(guess))
            assert answer.status_code == 401
        refused = await stranger.post("/api/login", json={"token": CHOSEN})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
        assert 0 < int(refused.headers["retry-after"]) <= WrongTries.EACH
        assert refused.json()["detail"] == f"Too many wrong tokens: try again in {refused.headers['retry-after']} s."
        assert (await stranger.post("/login", data={"token": CHOSEN})).status_code == 429
        known = await stranger.get("/api/jobs", headers=bearer(CHOSEN))
        assert (known.status_code, known.json()["code"]) == (401, "too_many_tries")
        # What cannot be guessed lets its owner in, whatever others try meanwhile; also a link, once.
        assert (await stranger.post("/api/login", json={"token": READ})).status_code == 200
        assert (await stranger.post("/api/login", json={"token": "x" * 43})).status_code == 429
        stranger.cookies.clear()
        link = app.login_path()
        assert (await stranger.get(link)).status_code == 200
        assert (await stranger.get(link)).status_code == 401


@pytest.mark.parametrize(
    ("address", "same"),
    [("127.0.0.1", "127.9.9.9"), ("127.0.0.1", "::1"), ("2001:db8::1", "2001:db8::ffff:2"), ("10.0.0.1", "10.0.0.1")],
)
def test_one_machine_has_one_allowance(address: str, same: str) -> None:
    wrong = WrongTries()
    for _ in range(WrongTries.MOST):
        wrong.add(address)
    assert wrong.seconds_to_wait(same) > 0
    assert wrong.seconds_to_wait("10.0.0.2") == wrong.seconds_to_wait("2001:db8:1::1") == 0


async def test_who_is_not_let_in_washes_no_line_out_of_the_audit_log(web: Mounted, stranger: httpx.AsyncClient) -> None:
    await web.post("/api/queue/pause", {})
    await stranger.post("/api/login", json={"token": "wrong"})
    await stranger.get("/login", params={"code": "wrong"})
    link = web.app.login_path()
    await stranger.get(link)
    logs = web.library.path / "logs"
    done, refused = (
        [(line["method"], line["path"], line["status"]) for line in map(json.loads, path.read_text().splitlines())]
        for path in (logs / "web-audit.log", logs / "web-refused-logins.log")
    )
    assert done == [("POST", "/api/queue/pause", 200), ("GET", "/login", 200)]
    assert refused == [("POST", "/api/login", 401), ("GET", "/login", 401)]


async def test_an_address_with_empty_parts_is_none_of_ours(web: Mounted, stranger: httpx.AsyncClient) -> None:
    cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for client in (web.client, stranger):
        for path in ("//evil.example/x", "//api/jobs", "/api//jobs", "/jobs//evil.example"):
            answer = await client.get(httpx.URL("http://localhost", raw_path=path.encode()), headers=cross)
            assert answer.status_code == 404, path
            assert "evil" not in answer.text
    form = {"Content-Type": "text/plain"}
    url = httpx.URL("http://localhost", raw_path=b"//api/jobs")
    assert (await web.client.post(url, content='{"kind": "web.quick"}', headers=form)).status_code == 404
    assert (await web.get("/api/jobs"))["jobs"] == []


async def test_a_body_without_a_length_must_be_json_too(web: Mounted) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"{}"

    request = web.client.build_request("POST", "/api/queue/pause", content=body())
    assert "content-type" not in request.headers
    assert (await web.client.send(request)).status_code == 415


@pytest.mark.parametrize(
    "text",
    [
        '{"full":"","read":""}',
        '{"full":"a","read":"b"}',
        f'{{"full":"{FULL}","read":"{FULL}"}}',
        '{"full":"x"}',
        "[",
        "",
    ],
)
def test_tokens_that_protect_nothing_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "web-tokens.json").write_text(text)
    (tmp_path / "web-tokens.json").chmod(0o600)
    with pytest.raises(TokensUnsafe, match="is damaged: delete it"):
        read_tokens(tmp_path)


async def test_new_tokens_count_at_once_in_every_server(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "shared", create=True, runs="none") as library:
        old = read_tokens(library.path)
        app = create_app(library)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:

            async def status(token: str) -> int:
                return (await client.get("/api/jobs", headers=bearer(token))).status_code

            assert await status(old.full) == 200
            await client.post("/api/login", json={"token": old.full})
            assert (await client.get("/api/jobs")).status_code == 200
            new = read_tokens(library.path, renew=True)
            assert [await status(token) for token in (old.full, old.read, new.full, new.read)] == [401, 401, 200, 200]
            assert (await client.get("/api/jobs")).status_code == 401
            (library.path / "web-tokens.json").write_text("[")
            assert await status(new.full) == 200
            (library.path / "web-tokens.json").unlink()
            assert await status(new.full) == 200


async def test_a_cookie_given_back_is_worth_nothing_elsewhere_either(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "shared", create=True, runs="none") as library:
        token = read_tokens(library.path).full

        def client() -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app=create_app(library))
            return httpx.AsyncClient(transport=transport, base_url="http://localhost")

        async with client() as one, client() as other:
            await one.post("/api/login", json={"token": token})
            (name, value), *_ = one.cookies.items()
            cookie = {"Cookie": f"{name}={value}"}
            assert (await other.get("/api/jobs", headers=cookie)).status_code == 200
            assert (await one.post("/api/logout", headers=cookie)).status_code == 204
            assert (await other.get("/api/jobs", headers=cookie)).status_code == 401
        async with client() as restarted:
            assert (await restarted.get("/api/jobs", headers=cookie)).status_code == 401
        ended = library.path / "web-ended-sessions"
        assert ended.stat().st_mode & 0o777 == 0o600


def test_a_wrong_try_is_forgiven_after_a_while() -> None:
    now = 1_000.0
    wrong = WrongTries(lambda: now)
    for _ in range(WrongTries.MOST):
        assert wrong.seconds_to_wait("a") == 0
        wrong.add("a")
    assert wrong.seconds_to_wait("a") == WrongTries.EACH
    assert wrong.seconds_to_wait("b") == 0
    now += WrongTries.EACH
    assert wrong.seconds_to_wait("a") == 0
    wrong.add("a")
    assert wrong.seconds_to_wait("a") == WrongTries.EACH
    now -= 86_400  # a clock that is put back shuts nobody out for a day
    assert wrong.seconds_to_wait("a") == 0


async def test_wrong_credentials(stranger: httpx.AsyncClient) -> None:
    for given in ("Bearer", "Bearer ", "Basic Zm9vOmI=", "Bearer \xe9\xff", FULL, f"Bearer {FULL} x"):
        headers = {b"Authorization": given.encode("latin-1")}
        assert (await stranger.get("/api/jobs", headers=headers)).status_code == 401, given


async def test_every_answer_has_the_headers_that_protect_a_browser(web: Mounted, stranger: httpx.AsyncClient) -> None:
    answers = [
        await web.client.get("/"),
        await web.client.get("/api/jobs"),
        await web.client.get("/api/jobs/xyz"),
        await web.client.get("/assets/none.js"),
        await stranger.get("/"),
        await stranger.get("/login"),
        await stranger.get("/api/jobs", headers={"Host": "evil.example"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in answer.headers
        assert "<script" not in answer.text or "<script type" in answer.text
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers[1:2])


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/jobs", "GET, HEAD, OPTIONS, POST"),
        ("/api/jobs/01234567/pause", "OPTIONS, POST"),
        ("/api/events", "GET, OPTIONS"),
        ("/history", "GET, HEAD, OPTIONS"),
    ],
)
async def test_what_can_be_done_is_told(web: Mounted, stranger: httpx.AsyncClient, path: str, methods: str) -> None:
    answer = await web.client.options(path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b"")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "content-type" not in answer.headers
    refused = await web.client.delete(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, methods)
    assert refused.json()["code"] == "method_not_allowed"
    assert (await stranger.options(path)).status_code == 401
    assert (await web.client.options("/api/nothing")).status_code == 404


async def test_another_site_may_not_ask_what_it_may(web: Mounted) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await web.client.options("/api/jobs", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_tokens_are_kept_for_their_owner(tmp_path: Path) -> None:
    tokens = read_tokens(tmp_path)
    path = tmp_path / "web-tokens.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(tokens.full) >= 40
    assert tokens.full != tokens.read
    assert read_tokens(tmp_path) == tokens
    assert read_tokens(tmp_path, renew=True) != tokens
    path.chmod(0o644)
    with pytest.raises(TokensUnsafe, match="can be read by others"):
        read_tokens(tmp_path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        read_tokens(tmp_path)
    path.unlink()
    path.write_text("{")
    path.chmod(0o600)
    with pytest.raises(TokensUnsafe, match="damaged"):
        read_tokens(tmp_path)


# --- paths


async def test_the_folder_picker_stays_below_its_roots(web: Mounted, tmp_path: Path) -> None:
    from sdjobs.web.routes.folders import folder_id

    root = tmp_path / "root"
    hostile = os.fsdecode(b"caf\xe9 <b>\n\x1b[2J")
    for name in ("pictures", "pictures/2026", ".hidden", hostile):
        (root / name).mkdir()
    (root / "a file").touch()
    os.mkfifo(root / "a pipe")
    (tmp_path / "secret").mkdir()
    (tmp_path / "root-beside").mkdir()
    (root / "way out").symlink_to(tmp_path / "secret")
    roots = await web.get("/api/folders")
    assert [one["shown"] for one in roots["folders"]] == [str(root)]
    inside = await web.get("/api/folders", folder=roots["folders"][0]["id"])
    assert [one["shown"] for one in inside["folders"]] == [f"{root}/caf\\xe9 <b>\\n\\x1b[2J", f"{root}/pictures"]
    odd = inside["folders"][0]
    assert (await web.get("/api/folders", folder=odd["id"]))["folder"] == odd
    below = await web.get("/api/folders", folder=inside["folders"][1]["id"])
    assert (below["parent"], below["folders"][0]["shown"]) == (roots["folders"][0]["id"], f"{root}/pictures/2026")
    assert len((await web.get("/api/folders", folder=folder_id(str(root)), hidden=True))["folders"]) == 3
    for path in (
        str(tmp_path),
        str(tmp_path / "secret"),
        str(tmp_path / "root-beside"),
        f"{root}/way out",
        f"{root}/../secret",
        f"{root}/pictures/../../secret",
        f"{root}//pictures",
        f"{root}/a file",
        f"{root}/a pipe",
        f"{root}/none",
        "/",
        "/etc",
        "relative",
        "",
        f"{root}\0",
    ):
        answer = await web.client.get("/api/folders", params={"folder": folder_id(path) or "A"})
        assert (answer.status_code, answer.json()["code"]) == (404, "folder_not_found"), path


async def test_a_thumbnail_is_read_from_its_place_alone(web: Mounted, tmp_path: Path) -> None:
    digest = bytes(range(32))
    place = thumbnail_path(web.library.path, digest, 256)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"RIFF a picture")
    url = f"/api/thumbnails/{digest.hex()}"
    found = await web.client.get(url)
    assert (found.status_code, found.content) == (200, b"RIFF a picture")
    assert found.headers["content-type"] == "image/webp"
    assert "immutable" in found.headers["cache-control"]
    assert (await web.client.get(url, params={"size": 512})).status_code == 404
    for escape in ("..", "%2e%2e%2fjobs.db", f"{digest.hex()}%2f..%2fx", "../" * 3 + "web-tokens.json"):
        assert (await web.client.get(f"/api/thumbnails/{escape}")).status_code in (400, 404), escape
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    place.unlink()
    place.symlink_to(secret)
    assert (await web.client.get(url)).status_code == 404
    place.unlink()
    os.mkfifo(place)
    assert (await web.client.get(url)).status_code == 404
    place.unlink()
    place.parent.rmdir()
    place.parent.symlink_to(tmp_path)
    (tmp_path / place.name).write_bytes(b"secret")
    assert (await web.client.get(url)).status_code == 404


async def test_the_built_page_and_nothing_beside_it(tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><html><head><title>x</title></head></html>")
    (static / "assets" / "index-1a2b.js").write_text("let built = 1;")
    (tmp_path / "secret.js").write_text("secret")
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        async with mounted(library, static=static).client as client:
            for path in ("/", "/jobs/0123", "/history", "/schedules/my photos"):
                page = await client.get(path)
                assert '<head>\n<base href="/">\n<meta name="sdjobs-library" content="' in page.text, path
                assert page.headers["cache-control"] == "no-cache"
            asset = await client.get("/assets/index-1a2b.js")
            assert (asset.text, asset.headers["content-type"]) == ("let built = 1;", "text/javascript; charset=utf-8")
            assert "immutable" in asset.headers["cache-control"]
            for path in ("/assets/none.js", "/../secret.js", "/assets/..%2f..%2fsecret.js", "/secret.js", "/api/none"):
                answer = await client.get(path)
                assert (answer.status_code, "secret" in answer.text) == (404, False), path


async def test_a_page_that_was_not_built_says_so(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        async with mounted(library, static=tmp_path / "none").client as client:
            assert "The page is not built" in (await client.get("/")).text


async def test_mounted_in_an_application_of_ones_own(tmp_path: Path) -> None:
    """Below a path: the page, the API, the way in and the cookie stay there."""
    static = tmp_path / "static"
    static.mkdir()
    (static / "index.html").write_text("<html><head></head></html>")
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        inner = create_app(library, tokens=TOKENS, static=static)

        async def outer(scope: Any, receive: Any, send: Any) -> None:
            assert scope["path"].startswith("/tools/jobs")
            await inner({**scope, "root_path": "/tools/jobs"}, receive, send)

        transport = httpx.ASGITransport(app=outer)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            assert (await browser.get("/tools/jobs/api/jobs")).status_code == 401
            form = await browser.get("/tools/jobs/jobs/0123")
            assert 'action="/tools/jobs/login"' in form.text
            assert 'value="/tools/jobs/jobs/0123"' in form.text
            entered = await browser.get(f"/tools/jobs{inner.login_path()}&next=/tools/jobs/jobs/0123")
            assert "Path=/tools/jobs;" in entered.headers["set-cookie"]
            assert 'content="0;url=/tools/jobs/jobs/0123"' in entered.text
            assert '<base href="/tools/jobs/">' in (await browser.get("/tools/jobs/jobs/0123")).text
            assert '<base href="/tools/jobs/">' in (await browser.get("/tools/jobs/")).text
            assert (await browser.get("/tools/jobs/api/overview")).json()["role"] == "full"
            assert (await browser.get("/tools/jobs/api/schedules")).json() == {"schedules": []}


async def test_a_client_that_accepts_nothing_loses_its_connection(
    web: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdjobs.web.gate.STALLED", 0.05)
    accepted: list[str] = []
    never = asyncio.Event()

    async def send(message: Any) -> None:
        accepted.append(message["type"])
        if message["type"] == "http.response.body":
            await never.wait()

    async def receive() -> Any:
        await never.wait()

    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {FULL}".encode())]
    path = {"path": "/api/events", "raw_path": b"/api/events", "query_string": b"", "root_path": ""}
    plain = {"type": "http", "method": "GET", "headers": headers, "client": ("127.0.0.1", 1), "http_version": "1.1"}
    async with asyncio.timeout(5):
        await web.app({**plain, **path, "scheme": "http", "server": ("localhost", 80)}, receive, send)
    assert accepted == ["http.response.start", "http.response.body"]
