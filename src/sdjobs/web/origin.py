"""Whether a request comes from this server's own page: against DNS rebinding and requests forged by other sites."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

LOOPBACK_NAMES: Final = frozenset({"localhost"})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def wrong_host(headers: Mapping[str, str], hosts: frozenset[str], any_address: bool) -> bool:
    """Whether the name by which the server was called is none of its own.

    A page of a stranger's that lets its name point to this machine calls us by that name. An address cannot be pointed
    anywhere else.
    """
    name = _name(headers.get("host", ""))
    if name is None:
        return True
    if name in LOOPBACK_NAMES or name in hosts:
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return True
    return not (address.is_loopback or any_address)


def _name(host: str) -> str | None:
    """The name or address in a Host header, without its port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment or not parts.hostname:
        return None
    return parts.hostname.rstrip(".").lower()


def plain_name(host: str) -> str:
    """A name by which a server is called, as requests are compared with it: without a port, in lower case."""
    return _name(host) or host.lower()


def foreign_origin(headers: Mapping[str, str], *, navigates: bool) -> bool:
    """Whether another site's page made the request. `navigates`: it only asks for a page, as a link elsewhere may."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none") and not navigates:
        return True
    origin = headers.get("origin")
    return origin is not None and not _same(origin, headers.get("host", ""))


def _same(origin: str, host: str) -> bool:
    """By host and port. Not by scheme: behind a proxy that speaks TLS the two differ."""
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        called = urlsplit(f"//{host}")
        called_port = called.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.hostname == called.hostname and port == called_port
