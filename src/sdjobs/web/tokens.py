"""Who may come in: tokens, one-time links and the cookies of browsers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import logging
import math
import os
import secrets
import stat
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from sdjobs import clock
from sdjobs.text import duration
from sdjobs.token_rules import FILE, LEAST_LENGTH
from sdjobs.web.ended_sessions import EndedSessions
from sdjobs.web.watched_file import WatchedFile

_log = logging.getLogger("sdjobs.web")

Role: TypeAlias = Literal["full", "read"]

MADE_LENGTH: Final = 40
"""At least so many characters have tokens that are made here, of 256 random bits."""
SESSION_SECONDS: Final = 30 * 86_400
LINK_SECONDS: Final = 600


class TokensUnsafe(Exception):
    """The file of the tokens can be read by others, or is not ours."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """`full` may do everything, `read` only look. Raises ValueError for short ones, and for twice the same."""

    full: str
    read: str

    def __post_init__(self) -> None:
        if min(len(self.full), len(self.read)) < LEAST_LENGTH:
            raise ValueError(f"a token has at least {LEAST_LENGTH} characters")
        if self.full == self.read:
            raise ValueError("the two tokens are the same")

    def role_of(self, token: str) -> Role | None:
        """In a time that tells nothing of the tokens."""
        given = token.encode("utf-8", "surrogateescape")
        is_full = hmac.compare_digest(given, self.full.encode())
        is_read = hmac.compare_digest(given, self.read.encode())
        return "full" if is_full else "read" if is_read else None


def read_tokens(library: Path, *, renew: bool = False, full: str | None = None) -> Tokens:
    """Those of a library, made at the first call. `renew`: make new ones, so that the old ones, and all cookies, are
    worth nothing. `full`: use this one instead of the stored. Raises TokensUnsafe, OSError."""
    tokens = None if renew else _read(library / FILE)
    if tokens is None:
        tokens = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        _write(library / FILE, tokens)
    return replace(tokens, full=full) if full is not None else tokens


TokenSource: TypeAlias = Callable[[], Tokens]


def tokens_of(library: Path, *, renew: bool = False, full: str | None = None) -> TokenSource:
    """As `read_tokens`, and those of the file again when somebody has made new ones. While the file is not as it must
    be, or not there, the tokens before stay. Raises TokensUnsafe, OSError."""
    return _Watched(library, read_tokens(library, renew=renew, full=full), full)


class _Watched:
    def __init__(self, library: Path, first: Tokens, full: str | None) -> None:
        self._known, self._full = first, full
        self._file = WatchedFile(library / FILE, self._again, first)
        self._said = ""

    def __call__(self) -> Tokens:
        try:
            self._known, self._said = self._file.current(), ""
        except (TokensUnsafe, OSError) as error:
            if str(error) != self._said:
                self._said = str(error)
                _log.warning("the tokens stay as they were: %s", error)
        return self._known

    def _again(self, path: Path) -> Tokens:
        tokens = _read(path)
        if tokens is None:
            raise FileNotFoundError(f"{path} is not there")
        return replace(tokens, full=self._full) if self._full is not None else tokens


def _read(path: Path) -> Tokens | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o077:
            raise TokensUnsafe(
                f"{path} can be read by others, or is not yours: delete it, and new tokens are made at the next start"
            )
        try:
            return msgspec.json.decode(file.read(), type=Tokens)
        except msgspec.DecodeError as error:
            raise TokensUnsafe(f"{path} is damaged: delete it, and new tokens are made at the next start") from error


def _write(path: Path, tokens: Tokens) -> None:
    new = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(tokens), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says. `name` tells sessions apart in the audit log."""

    role: Role
    name: str
    until: int


class TooManyTries(Exception):
    """So many wrong tokens came from an address that no other is looked at for some `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong tokens: try again in {duration(seconds)}.")
        self.seconds = seconds


class Doorkeeper:
    """Knows tokens, cookies and links, and how many wrong ones came from where."""

    def __init__(self, tokens: TokenSource, library: UUID, ended: EndedSessions) -> None:
        self._tokens = tokens
        self._library = library
        self.cookie: Final = f"sdjobs-{library.hex}"
        """Cookies are shared by all ports of a host: the name tells whose it is."""
        self._links: dict[str, float] = {}
        self._ended = ended
        self._wrong = WrongTries()

    def bearer(self, token: str, address: str) -> Role | None:
        """What a token may do. Raises TooManyTries.

        Tokens that can be guessed are looked at only so often from an address; one that is as long as those made here
        cannot be, so whoever has one is never kept out by the tries of others.
        """
        wait = self._wrong.seconds_to_wait(address)
        role = self._tokens().role_of(token) if not wait or len(token) >= MADE_LENGTH else None
        if role is None and wait:
            raise TooManyTries(wait)
        if role is None:
            self._wrong.add(address)
        return role

    # --- links

    def new_link(self) -> str:
        """A code that lets one browser in, once, within ten minutes."""
        self._links = {code: until for code, until in self._links.items() if until > _now()}
        code = secrets.token_urlsafe(24)
        self._links[_digest(code)] = _now() + LINK_SECONDS
        return code

    def take_link(self, code: str) -> Role | None:
        """Use a code up."""
        until = self._links.pop(_digest(code), 0.0)
        return "full" if until > _now() else None

    # --- cookies

    def new_session(self, role: Role) -> str:
        """The value of a cookie, good for thirty days or until the tokens are renewed."""
        body = f"{role}.{int(_now()) + SESSION_SECONDS}.{secrets.token_hex(8)}"
        return f"{body}.{self._seal(body)}"

    def session(self, value: str) -> Session | None:
        body, _, seal = value.rpartition(".")
        if not hmac.compare_digest(seal.encode("utf-8", "surrogateescape"), self._seal(body).encode()):
            return None
        role, until, name = body.split(".")
        if int(until) < _now() or name in self._ended:
            return None
        return Session("full" if role == "full" else "read", name, int(until))

    def watch(self, session: Session | None) -> Callable[[], bool]:
        """Whether who was let in just now would still be: neither signed out nor under tokens that are no more."""
        tokens = self._tokens()

        def is_good() -> bool:
            if self._tokens() != tokens:
                return False
            return session is None or (session.name not in self._ended and session.until > _now())

        return is_good

    def end_session(self, session: Session) -> None:
        """Its cookie is worth nothing from now on, wherever it was copied to. Blocking."""
        self._ended.add(session.name, session.until)

    def _seal(self, body: str) -> str:
        tokens = self._tokens()
        key = hashlib.sha256(f"sdjobs session {self._library} {tokens.full} {tokens.read}".encode()).digest()
        seal = hmac.new(key, body.encode("utf-8", "surrogateescape"), "sha256").digest()
        return base64.urlsafe_b64encode(seal).decode().rstrip("=")


class WrongTries:
    """Wrong tokens by the address that they came from: after ten, one in six seconds."""

    MOST: Final = 10
    EACH: Final = 6.0
    """Seconds after which one wrong try is forgiven."""
    ADDRESSES: Final = 1_000

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now or _now
        self._free_at: OrderedDict[str, float] = OrderedDict()
        """When all that came from an address will be forgiven."""

    def seconds_to_wait(self, address: str) -> int:
        """0 where another may be looked at."""
        address = whose(address)
        ahead = self._free_at.get(address, 0.0) - self._now()
        if ahead > self.MOST * self.EACH:  # the clock was put back
            del self._free_at[address]
            return 0
        return max(0, math.ceil(ahead - (self.MOST - 1) * self.EACH))

    def add(self, address: str) -> None:
        address = whose(address)
        self._free_at[address] = max(self._free_at.pop(address, 0.0), self._now()) + self.EACH
        while len(self._free_at) > self.ADDRESSES:
            self._free_at.popitem(last=False)


def whose(address: str) -> str:
    """Addresses of which one machine has as many as it likes, as one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.is_loopback:
        return "loopback"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> float:
    return clock.now().timestamp()
