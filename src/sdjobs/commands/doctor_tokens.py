"""What `sdjobs doctor` says of the file with the tokens of `sdjobs serve`, which refuses to start with a wrong one."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import Final

from sdjobs.diagnosis import Finding
from sdjobs.token_rules import FILE

CHECK: Final = "tokens"


def look_at_tokens(library: Path) -> list[Finding]:
    """Nothing where there is no such file, or where `serve` is not installed."""
    path = library / FILE
    if not os.path.lexists(path):
        return []
    try:
        from sdjobs.web import TokensUnsafe, read_tokens
    except ModuleNotFoundError:
        return []
    if is_open_to_others(path):
        text = f"{path} can be read by others, and sdjobs serve refuses to start with it."
        return [Finding(CHECK, "problem", text, f"chmod 600 {shlex.quote(str(path))}", fixable=True)]
    advice = f"Delete it, and new tokens are made at the next start of sdjobs serve: rm -r {shlex.quote(str(path))}"
    try:
        read_tokens(library)
    except TokensUnsafe as error:
        return [Finding(CHECK, "problem", f"{str(error).partition(': ')[0]}.", advice)]
    except OSError as error:
        return [Finding(CHECK, "problem", f"{path} cannot be used: {error.strerror}.", advice)]
    return [Finding(CHECK, "ok", "Nobody but you may read the tokens of the page.")]


def close_to_others(library: Path) -> list[str]:
    """What was done, in sentences."""
    path = library / FILE
    if not is_open_to_others(path):
        return []
    path.chmod(0o600)
    return [f"Others may not read {path} any more; sdjobs serve --new-tokens makes new ones, should somebody have."]


def is_open_to_others(path: Path) -> bool:
    """Whether it is a file of ours whose mode alone is wrong."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and bool(status.st_mode & 0o077)
