"""What an isolated attempt and its runner say to each other: a context's verbs, over a pipe."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from spacedrive_jobs._model.transition import Checkpoint, Flush
from spacedrive_jobs._store.connection import Durability


class Message(msgspec.Struct, array_like=True, tag=True):
    """Base of all messages; the class's name is the tag."""


class Start(Message):
    """Runner to child, the call's payload: import `module`, then run one attempt of `kind`."""

    module: str
    kind: str
    job: bytes
    attempt: int
    runner: bytes
    version: int
    arguments: bytes
    parent: bytes | None
    deadline_at: int | None
    retry_of: bytes | None
    lease: float
    checkpoint: Checkpoint | None
    library_database: bytes
    """Its path."""
    durability: Durability
    trace: bytes | None = None
    """Of the attempt's span, where there is one."""


# --- runner to child


class Ask(Message):
    """An interruption."""

    kind: str


class Withdraw(Message):
    kind: str


class Reply(Message):
    """To the request of this number; `ended`: the claim was lost."""

    number: int
    value: bytes | None = None
    ended: bool = False
    error: str | None = None
    interruption: str | None = None


class Hook(Message):
    name: str


class Gather(Message):
    """Send what is to be stored at the end. `final`: the job has ended; else it will run again."""

    final: bool


class Over(Message):
    """The attempt is stored; the call may return."""


# --- child to runner


class StoreCheckpoint(Message):
    number: int
    flush: Flush


class Spill(Message):
    """`number` 0: nobody waits for it."""

    number: int
    flush: Flush


class Kept(Message):
    number: int
    key: bytes


class HoldsClaim(Message):
    number: int


class Call(Message):
    """Ask a service; `argument` as `service_messages.ARGUMENTS` types it."""

    number: int
    method: str
    argument: bytes


class Log(Message):
    text: str


class Progressed(Message):
    progress: bytes


class Finished(Message):
    """The code is over: with an output, an interruption, or an error."""

    output: bytes | None = None
    interruption: str | None = None
    lost: bool = False
    cancelled: bool = False
    error_type: str = ""
    error_message: str = ""
    error_traceback: str = ""


class HookDone(Message):
    pass


class Gathered(Message):
    flush: Flush | None
    metrics: bytes | None
    progress: bytes | None
    stored: bool


ToChild: TypeAlias = Ask | Withdraw | Reply | Hook | Gather | Over
ToRunner: TypeAlias = (
    StoreCheckpoint | Spill | Kept | HoldsClaim | Call | Log | Progressed | Finished | HookDone | Gathered
)

encode: Final = msgspec.msgpack.Encoder().encode
encode_plain: Final = encode
decode_start: Final = msgspec.msgpack.Decoder(Start).decode
decode_to_child: Final = msgspec.msgpack.Decoder(ToChild).decode
decode_to_runner: Final = msgspec.msgpack.Decoder(ToRunner).decode
