"""`sdjobs serve`, as people start it."""

from __future__ import annotations

import signal
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.acceptance.cli.conftest import SAMPLES
from tests.acceptance.web.conftest import Served, Server, bearer
from tests.acceptance.web.event_stream import EventStream
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(60)  # each starts processes, on a machine that may be busy


def status_of(served: Served, job: str) -> str:
    with served.client() as client:
        found: str = client.get(f"/api/jobs/{job}").json()["status"]
    return found


def test_it_says_how_to_get_in_and_runs_jobs(serve: Server) -> None:
    started = serve.cli.start("--import", SAMPLES, "serve", "--port", "0")
    started.says("Open this once: http://127.0.0.1:")
    (line,) = (line for line in started.lines() if line.startswith("Open this once: "))
    link = line.removeprefix("Open this once: ")
    with httpx.Client(base_url=link.partition("/login")[0]) as browser:
        assert browser.get("/api/overview").status_code == 401
        assert browser.get(link).status_code == 200
        overview = browser.get("/api/overview").json()
        assert (overview["role"], overview["attended"], overview["warning"]) == ("full", True, "")
        body = {"kind": "example.steps", "arguments": {"total": 2}}
        job = browser.post("/api/jobs", json=body).json()["id"]
        eventually(lambda: browser.get(f"/api/jobs/{job}").json()["status"] == "completed")
        assert browser.get(f"/api/jobs/{job}").json()["output"] == {"steps": 2}
    started.send(signal.SIGINT)
    assert started.ends() == 0
    assert started.lines()[-2:] == ["Stopping: running jobs are queued again.", "Stopped."]


def test_a_stopped_server_leaves_its_jobs_to_the_next(serve: Server) -> None:
    served = serve()
    gate = serve.cli.gate(2)
    with served.client() as client:
        body = {"kind": "example.steps", "arguments": {"total": 4, "gate": str(gate)}}
        job = client.post("/api/jobs", json=body).json()["id"]
        eventually(lambda: client.get(f"/api/jobs/{job}").json()["progress"]["items_done"] == 2, within=20)
    served.started.send(signal.SIGTERM)
    assert served.started.ends() == 0
    gate.allow(4)
    again = serve()
    eventually(lambda: status_of(again, job) == "completed", within=20, every=0.05)
    assert again.url != served.url
    assert (again.full, again.read) == (served.full, served.read)


def test_no_hand_in_the_database_is_ever_needed(serve: Server) -> None:
    """cases.md U5: a crash, then a plug-in that is gone: its jobs are shown, can be cancelled, and hold nobody up."""
    served = serve()
    gate = serve.cli.gate()
    with served.client() as client:
        body = {"kind": "example.steps", "arguments": {"total": 2, "gate": str(gate)}}
        jobs = [client.post("/api/jobs", json=body).json()["id"] for _ in range(3)]
        eventually(lambda: client.get("/api/statistics").json()["running"] == 3, within=20)
    served.started.send(signal.SIGKILL)
    served.started.ends()
    started = serve.cli.start("serve", "--port", "0", "--json")  # without --import: the plug-in is gone
    started.says('"ready"')
    bare = Served(serve.cli, started, started.records()[0]["url"], "", served.full, served.read)
    with bare.client() as client:
        eventually(lambda: client.get("/api/statistics").json()["queued"] == 3, within=20)
        told = client.get(f"/api/jobs/{jobs[0]}").json()
        assert (told["status"], told["handled"]) == ("queued", False)
        assert told["why"] == "waits for a worker that is free and knows this kind"
        assert client.post(f"/api/jobs/{jobs[0]}/cancel").json()["status"] in ("queued", "cancelled")
        assert client.post(f"/api/jobs/{jobs[1]}/pause").json()["status"] == "paused"
    started.send(signal.SIGTERM)
    started.ends()
    gate.allow(2)
    again = serve()
    eventually(lambda: status_of(again, jobs[2]) == "completed", within=20, every=0.05)
    eventually(lambda: status_of(again, jobs[0]) == "cancelled", within=20, every=0.05)
    with again.client() as client:
        client.post(f"/api/jobs/{jobs[1]}/resume")
    eventually(lambda: status_of(again, jobs[1]) == "completed", within=20, every=0.05)


@pytest.mark.parametrize("absent", ["litestar", "uvicorn"])
def test_without_the_extra_it_says_what_brings_it(serve: Server, tmp_path: Path, absent: str) -> None:
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / f"{absent}.py").write_text(f"raise ModuleNotFoundError('no', name={absent!r})")
    done = serve.cli.run("serve", "--port", "0", PYTHONPATH=str(tmp_path / "absent"))
    assert done.returncode == 2, done
    assert f"{absent} is not installed" in done.stderr
    assert 'pip install "spacedrive-jobs[web]"' in done.stderr


def test_a_port_that_is_taken(serve: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = serve.cli.run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "can be reached from other machines"),
        (["--host", "192.168.1.5"], "--allow-remote"),
        (["--token", "short"], "at least 20"),
        (["--tls-cert", __file__], "belong together"),
        (["--root", "/no/such/folder"], "does not exist"),
        (["--token", " " * 30 + "x"], "at least 20"),
        (["--host", ""], "--host is empty"),
        (["--host", "nope.invalid", "--allow-remote"], "There is no address 'nope.invalid'"),
        (["--tls-cert", __file__, "--tls-key", __file__], f"{__file__} is no certificate"),
    ],
)
def test_what_is_refused(serve: Server, words: list[str], said: str) -> None:
    done = serve.cli.run("serve", "--port", "0", *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_without_tls_a_warning_that_cannot_be_missed(serve: Server) -> None:
    served = serve("--host", "0.0.0.0", "--allow-remote", "--name", "photos.example")
    assert served.started.err.splitlines()[0] == "#" * 80
    assert "## WARNING. Anybody on the network" in served.started.err
    with served.client() as client:
        assert client.get("/api/overview").json()["warning"].startswith("Anybody on the network")
        assert client.get("/api/jobs", headers={"Host": "photos.example"}).status_code == 200
        assert client.get("/api/jobs", headers={"Host": "192.168.1.5"}).status_code == 200
        assert client.get("/api/jobs", headers={"Host": "evil.example"}).status_code == 421


def test_tls(serve: Server, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    served = serve("--tls-cert", str(certificate), "--tls-key", str(key))
    assert served.url.startswith("https://127.0.0.1:")
    assert "WARNING" not in served.started.err
    trusted = ssl.create_default_context(cafile=str(certificate))
    with served.client(None, verify=trusted) as browser:
        entered = browser.get(served.login_url)
        assert "secure" in entered.headers["set-cookie"].lower()
        assert browser.get("/api/overview").json()["warning"] == ""


@pytest.mark.parametrize("what", ["exchanged", "encrypted", "of another", "damaged"])
def test_a_certificate_that_cannot_be_used_is_refused_before_anything_is_said(
    serve: Server, tmp_path: Path, what: str
) -> None:
    certificate, key = make_certificate(tmp_path)
    others = tmp_path / "other"
    others.mkdir()
    encrypted, spoilt = tmp_path / "encrypted.pem", tmp_path / "spoilt.pem"
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    encrypted.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"a pass phrase"),
        )
    )
    spoilt.write_text(key.read_text().replace("\n", "\nAAAA", 1))
    given, sentence = {
        "exchanged": ((key, certificate), f"{key} is no certificate in PEM form."),
        "encrypted": ((certificate, encrypted), f"{encrypted} is encrypted"),
        "of another": (
            (certificate, make_certificate(others)[1]),
            f"{others / 'key.pem'} does not belong to the certificate {certificate}.",
        ),
        "damaged": ((certificate, spoilt), f"its key {spoilt} is damaged"),
    }[what]
    done = serve.cli.run("serve", "--port", "0", "--tls-cert", str(given[0]), "--tls-key", str(given[1]))
    assert (done.returncode, done.stdout) == (2, ""), done
    assert sentence in done.stderr


def test_a_folder_in_the_place_of_the_tokens_is_named(serve: Server) -> None:
    (serve.cli.library / "web-tokens.json").mkdir()
    done = serve.cli.run("serve", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{serve.cli.library / 'web-tokens.json'} cannot be used: Is a directory." in done.stderr


def make_certificate(folder: Path) -> tuple[Path, Path]:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    since = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


def test_a_token_of_ones_own_and_new_ones(serve: Server) -> None:
    first = serve("--token", "a-token-that-I-have-chosen")
    with first.client(None) as client:
        assert client.get("/api/jobs", headers=bearer("a-token-that-I-have-chosen")).status_code == 200
        assert client.get("/api/jobs", headers=bearer(first.full)).status_code == 401
        assert client.get("/api/jobs", headers=bearer(first.read)).status_code == 200
    first.started.send(signal.SIGTERM)
    first.started.ends()
    second = serve("--new-tokens")
    assert second.full != first.full
    assert second.read != first.read
    with second.client(first.read) as client:
        assert client.get("/api/jobs").status_code == 401


def test_the_roots_of_the_folder_picker(serve: Server, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "2026").mkdir(parents=True)
    served = serve("--root", str(tmp_path / "pictures"))
    with served.client() as client:
        (root,) = client.get("/api/folders").json()["folders"]
        assert root["shown"] == str((tmp_path / "pictures").resolve())
        (below,) = client.get("/api/folders", params={"folder": root["id"]}).json()["folders"]
        assert below["shown"].endswith("/pictures/2026")


def all_are_told(stream: EventStream, count: int) -> None:
    eventually(lambda: list(stream.statuses().values()) == ["completed"] * count, within=20, every=0.05)


def test_two_servers_on_one_library(serve: Server) -> None:
    """Each has its own port, and one runs a job once."""
    one, two = serve(), serve()
    streams = one.stream(), two.stream()
    with one.client() as client:
        ids = [
            client.post("/api/jobs", json={"kind": "example.steps", "arguments": {"total": 1}}).json()["id"]
            for _ in range(10)
        ]
    for served, stream in zip((one, two), streams, strict=True):
        all_are_told(stream, 10)
        assert {status_of(served, job) for job in ids} == {"completed"}
    assert streams[0].numbers == streams[1].numbers


def test_head_is_answered_as_get_without_the_body(served: Served) -> None:
    with served.client() as client:
        for path in ("/", "/jobs/some", "/api/overview", "/api/jobs"):
            head, whole = client.head(path), client.get(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == whole.headers["content-type"]
        assert client.head("/api/nothing").status_code == 404
        assert client.head("/api/events").status_code == 405
        assert client.head("/api/jobs/actions/clear").status_code in (404, 405)


def test_head_does_not_use_a_link_up(served: Served) -> None:
    with served.client(None) as browser:
        assert browser.head(served.login_url).status_code == 200
        assert not browser.cookies
        assert browser.get(served.login_url).status_code == 200
        assert browser.cookies


@pytest.mark.parametrize(
    ("path", "media_type"), [("/login", "application/x-www-form-urlencoded"), ("/api/login", "application/json")]
)
def test_a_login_that_is_too_long_is_not_read(served: Served, path: str, media_type: str) -> None:
    """Nobody has shown a token yet. It is refused by its announced length, before a byte of it was sent."""
    host, port = served.url.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media_type}\r\nContent-Length: 16385\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as asking:
        asking.sendall(head.encode())
        assert asking.recv(1 << 16).startswith(b"HTTP/1.1 413 ")
