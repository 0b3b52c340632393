"""`sdjobs serve`."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sdjobs import token_rules
from sdjobs.commands.serve_checks import check_certificate, chosen_token
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.signals import listening
from spacedrive_jobs import Library

if TYPE_CHECKING:
    from sdjobs.web import TokenSource
    from sdjobs.web.server import Address

DEFAULT_PORT: Final = 8765
TOKEN_VARIABLE: Final = "SDJOBS_TOKEN"  # noqa: S105 - the name of a variable

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)

UNPROTECTED: Final = (
    "Anybody on the network between can read what this server sends, its tokens among it: there is no TLS. "
    "Give --tls-cert and --tls-key, or put a server that speaks TLS before it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the options say."""

    address: Address
    names: tuple[str, ...]
    roots: tuple[Path, ...]
    token: str | None
    new_tokens: bool
    slots: int | None
    page_only: bool

    @property
    def warning(self) -> str:
        return "" if self.address.is_loopback or self.address.certificate is not None else UNPROTECTED


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0 takes any that is free."
)
@click.option("--allow-remote", is_flag=True, help="With --host: other machines may come in.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="A name by which it is called; may be repeated.")
@click.option("--tls-cert", type=_FILE, metavar="FILE", help="A certificate (PEM): speak TLS.")
@click.option("--tls-key", type=_FILE, metavar="FILE", help="The certificate's key (PEM).")
@click.option(
    "--root",
    "roots",
    type=_FOLDER,
    multiple=True,
    metavar="DIR",
    help="A folder that the folder picker may show; may be repeated. Your home folder by default.",
)
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    metavar="TEXT",
    help=f"Take this full token instead of the stored one; ${TOKEN_VARIABLE} hides it from the list of processes.",
)
@click.option("--new-tokens", is_flag=True, help="Make new tokens: old ones, and all cookies, are worth nothing then.")
@click.option("--slots", type=click.IntRange(min=1), help="How many jobs run at once.")
@click.option("--page-only", is_flag=True, help="Run no jobs here; a worker does.")
@shared_options()
@click.pass_context
def serve(
    context: click.Context,
    host: str,
    port: int,
    allow_remote: bool,
    names: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    roots: tuple[Path, ...],
    token: str | None,
    new_tokens: bool,
    slots: int | None,
    page_only: bool,
) -> ExitCode:
    """Serve the page of the library, and run its jobs until stopped.

    It prints a link that lets one browser in, once. Only this machine can reach it, unless --host and --allow-remote
    say otherwise. Ctrl-C or SIGTERM stops it: running jobs save where they are and are queued again.
    """
    settings = settings_of(context)
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together.", ctx=context)
    if not host:
        raise click.UsageError("The address of --host is empty: was a variable not set?", ctx=context)
    token = chosen_token(token)
    try:
        from sdjobs.web.server import Address
    except ModuleNotFoundError as error:
        raise Refusal(
            f"{error.name} is not installed.", advice='pip install "spacedrive-jobs[web]" brings it.'
        ) from error
    address = Address(host=host, port=port, certificate=tls_cert, key=tls_key)
    if not address.is_loopback and not allow_remote:
        raise Refusal(
            f"{host} can be reached from other machines.",
            advice="Say --allow-remote if that is meant. By ssh it need not be: ssh -L 8765:localhost:8765 HOST",
        )
    check_certificate(tls_cert, tls_key)
    wishes = Wishes(
        address=address, names=names, roots=roots, token=token, new_tokens=new_tokens, slots=slots, page_only=page_only
    )
    return asyncio.run(_serve(settings, wishes))


async def _serve(settings: Settings, wishes: Wishes) -> ExitCode:
    from sdjobs.web.log_file import logging_to

    stopped = asyncio.Event()

    def stop(_: signal.Signals) -> None:
        stopped.set()

    with listening(stop, patience=1):
        async with open_library(
            settings, runs="none" if wishes.page_only else "all", slots=wishes.slots, may_create=True
        ) as library:
            with _listen(wishes.address) as listener, logging_to(library.path / "logs"):
                await _until_stopped(settings, wishes, library, listener, stopped)
    _say(settings, {"type": "stopped"}, "Stopped.")
    return ExitCode.DONE


async def _until_stopped(
    settings: Settings, wishes: Wishes, library: Library, listener: socket.socket, stopped: asyncio.Event
) -> None:
    from sdjobs.web import create_app
    from sdjobs.web.server import PageServer, url_of

    app = create_app(
        library,
        tokens=_tokens(wishes, library.path),
        hosts=wishes.names,
        any_address=not wishes.address.is_loopback,
        roots=wishes.roots or None,
        secure=wishes.address.certificate is not None,
        warning=wishes.warning,
        library_words=_found_anywhere(settings.library_words()),
        code_words=settings.code_words(),
    )
    server = PageServer(app, wishes.address)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(listener))
        serving.add_done_callback(lambda _: stopped.set())
        _announce(settings, wishes, library.path, url_of(wishes.address, listener), app.login_path())
        await stopped.wait()
        _say(settings, {"type": "stopping"}, "Stopping: running jobs are queued again.")
        server.stop()


def _found_anywhere(words: list[str]) -> list[str]:
    """The page is not read in the folder where the server was started."""
    return [words[0], os.path.abspath(words[1])] if words else []


def _listen(address: Address) -> socket.socket:
    from sdjobs.web.server import listen

    try:
        return listen(address)
    except socket.gaierror as error:
        raise Refusal(
            f"There is no address {address.host!r} on this machine: {error.strerror}.",
            advice="Check --host: 127.0.0.1, 0.0.0.0, or a name or an address of this machine.",
        ) from error
    except OSError as error:
        raise Refusal(
            f"Cannot listen at {address.host}, port {address.port}: {error.strerror or error}.",
            advice=(
                "Check --host: it is no address of this machine."
                if error.errno == errno.EADDRNOTAVAIL
                else "Choose another port with --port; 0 takes any that is free."
            ),
            exit_code=ExitCode.FAILED,
        ) from error


def _tokens(wishes: Wishes, library: Path) -> TokenSource:
    from sdjobs.web import TokensUnsafe, tokens_of

    try:
        return tokens_of(library, renew=wishes.new_tokens, full=wishes.token)
    except TokensUnsafe as error:
        raise Refusal(f"{error}.", exit_code=ExitCode.FAILED) from error
    except OSError as error:
        raise Refusal(
            f"{library / token_rules.FILE} cannot be used: {error.strerror}.",
            advice="Move it away, and new tokens are made at the next start.",
            exit_code=ExitCode.FAILED,
        ) from error


def _announce(settings: Settings, wishes: Wishes, library: Path, url: str, login: str) -> None:
    if wishes.warning:
        _warn(settings, wishes.warning)
    runs = "Serving" if wishes.page_only else "Serving, and running the jobs of"
    lines = [
        f"{runs} {library} at {url} (pid {os.getpid()}). Ctrl-C stops.",
        f"Open this once: {url}{login}",
        f"Tokens for programs, and for other browsers: {library / token_rules.FILE}",
    ]
    facts = {"type": "ready", "library": str(library), "pid": os.getpid(), "url": url, "login_url": url + login}
    _say(settings, facts, *lines)


def _warn(settings: Settings, warning: str) -> None:
    """On standard error, in a frame."""
    words: list[str] = []
    for word in f"WARNING. {warning}".split():
        if not words or len(words[-1]) + len(word) > 74:
            words.append(word)
        else:
            words[-1] += f" {word}"
    for line in ("#" * 80, *(f"## {line:<74} ##" for line in words), "#" * 80):
        settings.err.line(line)


def _say(settings: Settings, facts: Mapping[str, object], *lines: str) -> None:
    if settings.json:
        settings.out.document(facts)
        return
    for line in lines:
        settings.out.line(line)
