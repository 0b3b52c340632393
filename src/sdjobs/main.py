"""The entry point of `sdjobs`: whatever happens inside, the shell gets an exit code and a person a sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from sdjobs.streams import secure_standard_streams

if TYPE_CHECKING:
    from sdjobs.settings import Settings


def main() -> NoReturn:
    secure_standard_streams()
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        from sdjobs.settings import Settings
    except ModuleNotFoundError as error:
        return _missing_extra(error)
    settings = Settings(json="--json" in words)
    try:
        code = _invoke(words, settings)
    except Exception as error:
        code = _explain(error, settings)
    except KeyboardInterrupt as error:
        code = _explain(error, settings)
    return _flush(code, settings)


def _invoke(words: Sequence[str], settings: Settings) -> int:
    from click.exceptions import NoArgsIsHelpError

    from sdjobs.cli import cli

    try:
        code = cli.main(list(words), prog_name="sdjobs", standalone_mode=False, obj=settings)
    except NoArgsIsHelpError as error:
        settings.err.verbatim(error.format_message() + "\n")
        return error.exit_code
    return int(code or 0)


def _explain(error: BaseException, settings: Settings) -> int:
    from sdjobs.faults import explain, report

    try:
        fault = explain(error, settings)
        report(fault, settings)
    except OSError:
        # Not even the message can be written (a full disk behind the redirection): the code still tells.
        settings.out.abandon()
        settings.err.abandon()
        return 1
    return int(fault.exit_code)


def _flush(code: int, settings: Settings) -> int:
    """Write out what is buffered now, where a failure can still be seen in the exit code."""
    try:
        settings.out.stream.flush()
    except OSError:
        settings.out.abandon()
        return code or 1
    return code


def _missing_extra(error: ModuleNotFoundError) -> int:
    sys.stderr.write(f'Error: {error.name} is not installed.\n  pip install "spacedrive-jobs[cli]" brings it.\n')
    return 1
