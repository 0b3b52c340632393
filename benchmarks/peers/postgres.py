"""A PostgreSQL server for one measurement: its own data directory and socket, durable as PostgreSQL's defaults are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
}
"""Durability as shipped; the two sizes are what any tuning guide would set first."""


def programs() -> Path:
    """Debian keeps the server's programs out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed (apt-get install postgresql)")
    return found[-1].parent


def as_server_user(command: list[str]) -> None:
    """PostgreSQL refuses to run as root; for an ordinary user it is that user's own."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start one in `folder`; gives the directory of its socket, to connect to as user `postgres`."""
    home = folder / "postgres"
    home.mkdir()
    if os.geteuid() == 0:
        for above in (folder, folder.parent):
            above.chmod(0o711)
        subprocess.run(["chown", "postgres:", str(home)], check=True)
    data = str(home / "data")
    as_server_user([str(programs() / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8"])
    options = " ".join(f"-c {name}={value!r}" for name, value in SETTINGS.items())
    control = [str(programs() / "pg_ctl"), "-D", data, "-w", "-s"]
    as_server_user([*control, "-l", str(home / "log"), "-o", f"-k {home} {options}", "start"])
    try:
        yield str(home)
    finally:
        as_server_user([*control, "-m", "immediate", "stop"])
