"""What a test may need of the machine: programs, file systems and rights.

`@pytest.mark.needs("rsync", "mount")` skips a test where something is missing, and fails it where REQUIRE_ALL is set,
so that a run that must leave nothing out says so.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Probe = Callable[[], str]
"""Empty where the ability is there, else what is missing, in words."""


@dataclass(frozen=True, slots=True)
class Ability:
    probe: Probe
    package: str = ""
    """The Debian package that brings it, for the one who reads the message; `.ci/run` installs them all."""


def _program(name: str) -> Probe:
    def probe() -> str:
        return "" if find_program(name) else f"no program {name}"

    return probe


def find_program(name: str) -> str | None:
    """The path of a program, also of one that only root has in its PATH."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def _succeeds(*command: str) -> str:
    """Empty if `command` ends with 0, else its complaint."""
    program = find_program(command[0])
    if program is None:
        return f"no program {command[0]}"
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False, timeout=20)
    return "" if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip() or done.returncode}"


def _root() -> str:
    return "" if os.geteuid() == 0 else "not root"


def _mount() -> str:
    return _root() or _succeeds("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt")


def _loop() -> str:
    return _mount() or _succeeds("losetup", "--find")


def _file_system(name: str) -> Probe:
    def probe() -> str:
        if problem := _loop() or _program(f"mkfs.{name}")():
            return problem
        _succeeds("modprobe", name)  # may be built in; the next line tells
        known = Path("/proc/filesystems").read_text(encoding="ascii").split()
        return "" if name in known else f"the kernel has no {name}"

    return probe


def _fuse() -> str:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no access to /dev/fuse"
    return _program("fusermount3")()


SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")


def _sftp_server() -> str:
    return "" if os.access(SFTP_SERVER, os.X_OK) else f"no {SFTP_SERVER}"


def _user_xattrs() -> str:
    with tempfile.NamedTemporaryFile(dir=disk_root()) as file:
        try:
            os.setxattr(file.name, "user.probe", b"1")
        except OSError as error:
            return f"no user xattrs on {disk_root()}: {error.strerror}"
    return ""


def _pid_namespace() -> str:
    return _succeeds("unshare", "--fork", "--pid", "--mount-proc", "true")


def _drop_capabilities() -> str:
    return _succeeds(*without_dac_prefix(), "true") if os.geteuid() == 0 else ""


def _fonts() -> str:
    problem = _succeeds("fc-match", "sans-serif")
    return problem or ("" if any(Path("/usr/share/fonts").rglob("*.ttf")) else "no font is installed")


CHROMIUM = Path("/usr/bin/chromium")
NODE_MODULES = Path(__file__).parents[1] / "web" / "node_modules"


def _chromium() -> str:
    return "" if os.access(CHROMIUM, os.X_OK) else f"no {CHROMIUM}"


def _node() -> str:
    return (
        ""
        if (NODE_MODULES / ".stamp-ci").exists()
        else "no web/node_modules: `make page` installs what builds the page"
    )


ABILITIES: dict[str, Ability] = {
    "root": Ability(_root),
    "mount": Ability(_mount, "util-linux"),
    "loop": Ability(_loop, "util-linux"),
    "ext4": Ability(_file_system("ext4"), "e2fsprogs"),
    "xfs": Ability(_file_system("xfs"), "xfsprogs"),
    "btrfs": Ability(_file_system("btrfs"), "btrfs-progs"),
    "fuse": Ability(_fuse, "fuse3"),
    "sshfs": Ability(_program("sshfs"), "sshfs"),
    "sftp_server": Ability(_sftp_server, "openssh-sftp-server"),
    "user_xattrs": Ability(_user_xattrs),
    "pid_namespace": Ability(_pid_namespace, "util-linux"),
    "drop_capabilities": Ability(_drop_capabilities, "util-linux"),
    "b3sum": Ability(_program("b3sum"), "b3sum"),
    "rsync": Ability(_program("rsync"), "rsync"),
    "systemd-analyze": Ability(_program("systemd-analyze"), "systemd"),
    "setfattr": Ability(_program("setfattr"), "attr"),
    "setfacl": Ability(_program("setfacl"), "acl"),
    "strace": Ability(_program("strace"), "strace"),
    "ffmpeg": Ability(_program("ffmpeg"), "ffmpeg"),
    "fonts": Ability(_fonts, "fontconfig fonts-dejavu-core"),
    "chromium": Ability(_chromium, "chromium"),
    "node": Ability(_node),
    "git": Ability(_program("git"), "git"),
}


@functools.cache
def missing(name: str) -> str:
    """Why this machine lacks the ability `name`, empty if it has it. Raises KeyError for a name that is not listed."""
    ability = ABILITIES[name]
    problem = ability.probe()
    hint = f" (apt-get install {ability.package})" if problem and ability.package else ""
    return problem + hint


def require_all() -> bool:
    """True where a missing ability is a failure."""
    return bool(os.environ.get("REQUIRE_ALL"))


def disk_root() -> Path:
    """A folder on a real disk: /tmp is often in memory, where flushing, xattrs and sizes say nothing."""
    return Path(os.environ.get("TEST_DISK", "/var/tmp"))


def without_dac_prefix() -> list[str]:
    """Put before a command, it takes from root the right to read and write whatever the modes say."""
    if os.geteuid() != 0:
        return []
    dropped = "-dac_override,-dac_read_search"
    return ["setpriv", "--inh-caps", dropped, "--bounding-set", dropped]
