"""S3's multipart uploads, spoken directly: obstore keeps upload ids to itself, so what it began cannot be gone on with.
And the listing of keys, since obstore's ends at the first one that is no path.

Seven requests, signed as Signature Version 4 has it, with the digest of each body, which S3 compares. What fails on the
way, or on the server's side, is tried again.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import threading
from collections.abc import Iterator, Mapping
from time import gmtime, strftime
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit
from xml.etree import ElementTree

import msgspec

from spacedrive_ops.object_store.errors import StoreError

TRIES: Final = 5
FIRST_DELAY: Final = 0.2
TIMEOUT: Final = 120.0
PARTS_A_PAGE: Final = 1000


class Part(msgspec.Struct, frozen=True):
    number: int
    size: int
    etag: str


class NoSuchUpload(StoreError):
    """The upload has ended or was aborted."""


class Access(msgspec.Struct, frozen=True):
    """How to reach one bucket. `token` may be empty."""

    bucket: str
    endpoint: str
    path: str
    region: str
    key_id: str
    secret: str
    token: str


def access_from_environment(bucket: str) -> Access | None:
    """None where the environment holds no keys (they may then come from elsewhere, which obstore alone knows)."""
    key_id, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key_id or not secret:
        return None
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    given = (
        os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT")
    )
    endpoint = given or f"https://s3.{region}.amazonaws.com"
    base = urlsplit(endpoint).path.rstrip("/")
    return Access(bucket, endpoint, f"{base}/{bucket}", region, key_id, secret, os.environ.get("AWS_SESSION_TOKEN", ""))


class Multipart:
    """Uploads in parts to one bucket. Blocking; thread-safe, since each request has a connection of its own."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def bucket(self) -> str:
        return self._access.bucket

    @property
    def place(self) -> str:
        """The bucket at its endpoint: what an upload's id is of."""
        server = urlsplit(self._access.endpoint)
        return f"{server.scheme}://{server.netloc}{self._access.path}"

    def create(self, key: str, metadata: Mapping[str, str]) -> str:
        """Begin an upload: its id."""
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        return _text(self._request("POST", key, {"uploads": ""}, headers=headers)[0], "UploadId")

    def put(self, key: str, upload: str, number: int, data: bytes) -> Part:
        query = {"partNumber": str(number), "uploadId": upload}
        _, headers = self._request("PUT", key, query, data)
        return Part(number, len(data), headers.get("ETag", ""))

    def parts(self, key: str, upload: str) -> list[Part]:
        """What the store has of an upload. Raises NoSuchUpload."""
        found: list[Part] = []
        marker = "0"
        while True:
            query = {"uploadId": upload, "part-number-marker": marker, "max-parts": str(PARTS_A_PAGE)}
            page = ElementTree.fromstring(self._request("GET", key, query)[0])  # noqa: S314 - from the user's own store
            found += (
                Part(int(_of(part, "PartNumber")), int(_of(part, "Size")), _of(part, "ETag"))
                for part in page.iterfind("{*}Part")
            )
            marker = _of(page, "NextPartNumberMarker")
            if _of(page, "IsTruncated") != "true" or not marker:
                return found

    def complete(self, key: str, upload: str, parts: list[Part]) -> None:
        listed = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{part.etag}</ETag></Part>"
            for part in sorted(parts, key=lambda part: part.number)
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        answer, _ = self._request("POST", key, {"uploadId": upload}, body)
        if b"<Error>" in answer:  # S3 may find out after it has said that all is well
            raise StoreError(_text(answer, "Message") or "the store could not put the parts together")

    def abort(self, key: str, upload: str) -> None:
        """Throw an upload away; it is no error that there is none."""
        try:
            self._request("DELETE", key, {"uploadId": upload})
        except NoSuchUpload:
            pass

    def unfinished(self, key: str) -> list[str]:
        """The ids of all uploads of exactly this key that were begun and not ended."""
        answer, _ = self._request("GET", "", {"uploads": "", "prefix": key})
        page = ElementTree.fromstring(answer)  # noqa: S314 - from the user's own store
        return [_of(one, "UploadId") for one in page.iterfind("{*}Upload") if _of(one, "Key") == key]

    def keys(self, prefix: str, after: str | None) -> Iterator[str]:
        """The keys below a prefix, as they follow it, in order, `after` one; without the empty objects that end with a
        slash, by which other programs make folders."""
        base = f"{prefix}/" if prefix else ""
        query = {"list-type": "2", "prefix": base, "encoding-type": "url"}
        if after is not None:
            query["start-after"] = base + after
        while True:
            page = ElementTree.fromstring(self._request("GET", "", query)[0])  # noqa: S314 - from the user's own store
            escaped = _of(page, "EncodingType") == "url"
            for one in page.iterfind("{*}Contents"):
                key = unquote_plus(_of(one, "Key")) if escaped else _of(one, "Key")
                if key.startswith(base) and not (key.endswith("/") and _of(one, "Size") == "0"):
                    yield key[len(base) :]
            token = _of(page, "NextContinuationToken")
            if _of(page, "IsTruncated") != "true" or not token:
                return
            query = {**query, "continuation-token": token}

    def _request(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[bytes, http.client.HTTPMessage]:
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                threading.Event().wait(FIRST_DELAY * 2**attempt)
            try:
                status, answer, found = self._once(method, key, query, body, headers or {})
            except (OSError, http.client.HTTPException) as error:
                problem = str(error) or type(error).__name__
                continue
            if status < 300:
                return answer, found
            problem = f"{status}: {_text(answer, 'Message') or _text(answer, 'Code')}"
            if _text(answer, "Code") == "NoSuchUpload":
                raise NoSuchUpload(problem)
            if status < 500 and status != 429:
                break
        raise StoreError(f"the store does not take it: {problem}")

    def _once(
        self, method: str, key: str, query: Mapping[str, str], body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        place = urlsplit(self._access.endpoint)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        connection = kind(place.netloc, timeout=TIMEOUT)
        try:
            path = quote(f"{self._access.path}/{key}" if key else self._access.path, safe="/-_.~")
            text = "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
            signed = _signed(self._access, method, place.netloc, path, text, body, headers)
            connection.request(method, f"{path}?{text}", body=body, headers=signed)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()


def _signed(
    access: Access, method: str, host: str, path: str, query: str, body: bytes, headers: Mapping[str, str]
) -> dict[str, str]:
    """The headers of a request with its signature (AWS Signature Version 4)."""
    when = strftime("%Y%m%dT%H%M%SZ", gmtime())
    digest = hashlib.sha256(body).hexdigest()
    all_headers = {**headers, "host": host, "x-amz-date": when, "x-amz-content-sha256": digest}
    if access.token:
        all_headers["x-amz-security-token"] = access.token
    names = ";".join(sorted(all_headers))
    listed = "".join(f"{name}:{all_headers[name].strip()}\n" for name in sorted(all_headers))
    canonical = f"{method}\n{path}\n{query}\n{listed}\n{names}\n{digest}"
    scope = f"{when[:8]}/{access.region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{access.secret}".encode()
    for step in (when[:8], access.region, "s3", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashed}".encode(), "sha256").hex()
    credential = f"Credential={access.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**all_headers, "Authorization": f"AWS4-HMAC-SHA256 {credential}"}


def _of(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""


def _text(answer: bytes, name: str) -> str:
    """The text of the first such element; empty where the answer is no XML."""
    try:
        root = ElementTree.fromstring(answer)  # noqa: S314 - from the user's own store
    except ElementTree.ParseError:
        return ""
    return root.findtext(f".//{{*}}{name}") or root.findtext(f".//{name}") or ""
