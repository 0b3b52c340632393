"""What can be seen to be wrong with the options of `sdjobs serve` before anything is opened or announced."""

from __future__ import annotations

import ssl
from pathlib import Path

import click

from sdjobs.faults import Refusal
from sdjobs.token_rules import LEAST_LENGTH


def chosen_token(text: str | None) -> str | None:
    """Without the blanks around it, which no browser sends. Raises UsageError for one that can be guessed."""
    if text is None:
        return None
    token = text.strip()
    if len(token) < LEAST_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise click.UsageError(f"A token has at least {LEAST_LENGTH} plain characters, and no blanks.")
    return token


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Raises Refusal, which names the file, for what no server could speak TLS with."""
    if certificate is None or key is None:
        return
    if "BEGIN CERTIFICATE" not in _text(certificate):
        raise Refusal(f"{certificate} is no certificate in PEM form.", advice="--tls-cert takes the certificate.")
    if "PRIVATE KEY-----" not in _text(key):
        raise Refusal(f"{key} is no private key in PEM form.", advice="--tls-key takes the certificate's key.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_refuse_to_ask)
    except _Encrypted:
        raise Refusal(
            f"{key} is encrypted, and nobody may be there to type its pass phrase when the server starts.",
            advice=f"Store it without one: openssl pkey -in {key} -out NEW.pem, readable by you alone.",
        ) from None
    except ssl.SSLError as error:
        raise Refusal(_mismatch(certificate, key, error)) from error


class _Encrypted(Exception):
    """Raised where OpenSSL would ask."""


def _refuse_to_ask() -> str:
    raise _Encrypted


def _mismatch(certificate: Path, key: Path, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"The key {key} does not belong to the certificate {certificate}."
    return f"The certificate {certificate} or its key {key} is damaged: {error.reason or error}."


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from error
