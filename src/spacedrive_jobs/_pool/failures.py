"""How a call in a child process can end other than by its value."""

from __future__ import annotations

import pickle
import signal

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted


class ChildDied(Exception):
    """The child process ended in the middle of a call."""

    def __init__(self, pid: int, returncode: int) -> None:
        self.pid = pid
        self.returncode = returncode
        super().__init__(f"the child process {describe_exit(returncode)} (pid {pid})")

    @property
    def signal(self) -> signal.Signals | None:
        """The signal that killed it, if one did."""
        return signal.Signals(-self.returncode) if self.returncode < 0 else None


class ChildRaised(Exception):
    """What was called in the child raised an error; `traceback` is the child's, as text."""

    def __init__(self, error_type: str, message: str, traceback: str, pickled: bytes = b"") -> None:
        self.error_type = error_type
        self.message = message
        self.traceback = traceback
        self.pickled = pickled
        super().__init__(f"{error_type}: {message}" if message else error_type)

    def __str__(self) -> str:
        return f"{super().__str__()}\n\n{self.traceback}" if self.traceback else super().__str__()

    def original(self) -> BaseException | None:
        """The error itself, if it could be sent. Loads a pickle, which the child made."""
        if self.error_type == JobInterrupted.__qualname__:
            return JobInterrupted(Interruption(self.message))
        if not self.pickled:
            return None
        try:
            error = pickle.loads(self.pickled)  # noqa: S301 - from our own child
        except Exception:
            return None  # its class cannot be imported here
        return error if isinstance(error, BaseException) else None


class CallReturned(Exception):
    """`Child.recv` has no message left: the call has returned `value`."""

    def __init__(self, value: bytes) -> None:
        self.value = value
        super().__init__("the call has returned")


def describe_exit(returncode: int) -> str:
    """An exit status in words."""
    if returncode >= 0:
        return f"exited with code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    hint = "; the system may have run out of memory" if returncode == -signal.SIGKILL else ""
    return f"was killed by {name}{hint}"
