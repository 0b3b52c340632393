"""An S3 server of this machine (moto), in a process of its own, for fixtures."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # it has no types; the store is looked at from outside by it
import pytest

from tests.waiting import eventually

S3 = Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def serving() -> Iterator[str]:
    """The address of a server, for as long as it is wanted."""
    port = free_port()
    server = Path(sys.executable).with_name("moto_server")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], **quiet)  # type: ignore[call-overload]
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: answers(f"{url}/moto-api/"), within=20, every=0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def emptied(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A client of another make, to look from outside; the bucket is empty."""
    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"), timeout=10):
        pass
    client: S3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="bucket")
    yield client
    client.close()


def keys(s3: S3) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket="bucket").get("Contents", [])]


def unfinished(s3: S3) -> list[str]:
    return [one["Key"] for one in s3.list_multipart_uploads(Bucket="bucket").get("Uploads", [])]
