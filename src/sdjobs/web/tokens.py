"""Who may come in: tokens, one-time links and the cookies of browsers."""

from __future__ import annotations

import base64
import hashlib
import hmac
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

Role: TypeAlias = Literal["full", "read"]

FILE: Final = "web-tokens.json"
LEAST_LENGTH: Final = 20
"""Of a token that somebody chose: shorter ones can be guessed."""
SESSION_SECONDS: Final = 30 * 86_400
LINK_SECONDS: Final = 600


class TokensUnsafe(Exception):
    """The file of the tokens can be read by others, or is not ours."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """`full` may do everything, `read` only look."""

    full: str
    read: str

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


class Doorkeeper:
    """Knows tokens, cookies and links, and how many wrong ones came from where."""

    def __init__(self, tokens: Tokens, library: UUID) -> None:
        self._tokens = tokens
        self._key = hashlib.sha256(f"sdjobs session {library} {tokens.full} {tokens.read}".encode()).digest()
        self.cookie: Final = f"sdjobs-{library.hex}"
        """Cookies are shared by all ports of a host: the name tells whose it is."""
        self._links: dict[str, float] = {}
        self._left: set[str] = set()
        self.wrong: Final = WrongTries()

    def bearer(self, token: str) -> Role | None:
        return self._tokens.role_of(token)

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
        if int(until) < _now() or name in self._left:
            return None
        return Session("full" if role == "full" else "read", name)

    def end_session(self, session: Session) -> None:
        """Its cookie is worth nothing from now on, wherever it was copied to; until the server is started again."""
        self._left.add(session.name)

    def _seal(self, body: str) -> str:
        seal = hmac.new(self._key, body.encode("utf-8", "surrogateescape"), "sha256").digest()
        return base64.urlsafe_b64encode(seal).decode().rstrip("=")


class WrongTries:
    """Wrong tokens, by the address that they came from: after ten, one is looked at in six seconds.

    Nobody is shut out for long by others behind the same address, and ten in a minute are no way to guess a token.
    """

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
        ahead = self._free_at.get(address, 0.0) - self._now()
        if ahead > self.MOST * self.EACH:  # the clock was put back
            del self._free_at[address]
            return 0
        return max(0, math.ceil(ahead - (self.MOST - 1) * self.EACH))

    def add(self, address: str) -> None:
        self._free_at[address] = max(self._free_at.pop(address, 0.0), self._now()) + self.EACH
        while len(self._free_at) > self.ADDRESSES:
            self._free_at.popitem(last=False)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> float:
    return clock.now().timestamp()
