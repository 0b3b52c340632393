"""Requests for uploads in parts: signed as another implementation signs them, and tried again where that may help."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]  # it has no types; it is what ours is held against
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from spacedrive_ops.object_store import multipart
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.object_store.multipart import Access, Multipart


@pytest.mark.parametrize("token", ["", "session-token"])
@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("PUT", "/bucket/pre%20fix/caf%25E9%2B%26.bin", "partNumber=3&uploadId=a%2Fb%3D"),
        ("POST", "/bucket/x", "uploads="),
        ("GET", "/bucket", "prefix=a%2Fb%20c&uploads="),
    ],
)
def test_the_signature_is_the_one_that_botocore_gives(method: str, path: str, query: str, token: str) -> None:
    access = Access("bucket", "https://s3.example", "/bucket", "eu-west-1", "AKID", "secret/key", token)
    headers = multipart._signed(access, method, "s3.example", path, query, b"body", {"x-amz-meta-a": "b"})
    theirs: Any = S3SigV4Auth(Credentials("AKID", "secret/key", token or None), "s3", "eu-west-1")
    sent = {name: value for name, value in headers.items() if name != "Authorization"}
    request: Any = AWSRequest(method, f"https://s3.example{path}?{query}", headers=sent, data=b"body")
    request.context.update({"timestamp": headers["x-amz-date"], "payload_signing_enabled": True})
    canonical = theirs.canonical_request(request)
    signature = theirs.signature(theirs.string_to_sign(request, canonical), request)
    assert headers["Authorization"].endswith(f"Signature={signature}")


class Moody(BaseHTTPRequestHandler):
    """Answers as it is told to, one status a request."""

    statuses: list[int]
    seen: int

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.seen += 1
        status = server.statuses.pop(0)
        body = b"" if status == 200 else b"<Error><Code>Slow</Code><Message>be slower</Message></Error>"
        self.send_response(status)
        self.send_header("ETag", '"tag"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def moody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(multipart, "FIRST_DELAY", 0.001)
    server: Any = HTTPServer(("127.0.0.1", 0), Moody)
    server.seen, server.statuses = 0, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(server: Any) -> str:
    access = Access("bucket", f"http://127.0.0.1:{server.server_port}", "/bucket", "us-east-1", "k", "s", "")
    return Multipart(access).put("key", "upload", 1, b"data").etag


def test_what_the_server_cannot_do_now_is_tried_again(moody: Any) -> None:
    moody.statuses = [503, 500, 429, 200]
    assert send(moody) == '"tag"'
    assert moody.seen == 4


@pytest.mark.parametrize(("statuses", "seen"), [([503] * 9, 5), ([403] * 9, 1)])
def test_but_not_for_ever_and_not_what_is_refused(moody: Any, statuses: list[int], seen: int) -> None:
    moody.statuses = list(statuses)
    with pytest.raises(StoreError, match=r"does not take it: (503|403): be slower"):
        send(moody)
    assert moody.seen == seen
