"""JobDefinition: all that the system knows of one kind of job."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeAlias, cast

import msgspec

from spacedrive_jobs._definition.codec import (
    ARGUMENTS_LIMIT,
    OUTPUT_LIMIT,
    STATE_LIMIT,
    Codec,
    PayloadInvalid,
    decode_plain,
    encode,
    limited,
)
from spacedrive_jobs._definition.schema import from_json, schema_of, to_json
from spacedrive_jobs._definition.upgrades import UpgradeMissing, Upgrades
from spacedrive_jobs._model.errors import ArgumentError
from spacedrive_jobs._model.lane import Limits
from spacedrive_jobs._model.options import JobOptions

if TYPE_CHECKING:
    from spacedrive_jobs._definition.instance import Job

Style: TypeAlias = Literal["class", "function", "blocking"]
HookName: TypeAlias = Literal["on_pause", "on_resume", "on_cancel"]
Hook: TypeAlias = Callable[[Any], Awaitable[object]]


class Target(ABC):
    """What was decorated: how its jobs are taken apart, built and started."""

    @abstractmethod
    def encodable(self, job: Any) -> object:
        """What encodes to exactly the job's stored arguments."""

    @abstractmethod
    def argument(self, job: Any, name: str) -> object: ...

    @abstractmethod
    def build(self, definition: JobDefinition, arguments: msgspec.Struct) -> Job[Any, Any]:
        """A fresh job, with its transient fields. May raise what the job's own code raises."""

    @abstractmethod
    def start(self, job: Any, context: Any) -> Any:
        """Call the job's code."""

    @abstractmethod
    def hook(self, job: Any, name: HookName) -> Hook | None: ...

    @abstractmethod
    def has_hook(self, name: HookName) -> bool: ...

    @abstractmethod
    def owns(self, job: object) -> bool:
        """Whether `job` is one of this very target, not of a class derived from it."""


class JobDefinition(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One kind of job. Payload methods are cheap: their codecs are built once.

    `oldest_version` to `version` are the stored versions that this process can read; others wait for a handler.
    `source` is "module:qualified name" of what was decorated, `place` its file and name, for people.
    """

    kind: str
    version: int
    aliases: tuple[str, ...]
    description: str
    options: JobOptions
    source: str
    style: Style
    place: str
    target: Target
    arguments: Codec[msgspec.Struct]
    state: Codec[Any]
    output: Codec[Any]
    upgrades: Upgrades
    state_class: type | None
    """A state of exactly this class needs no check when it is stored."""

    @property
    def oldest_version(self) -> int:
        return self.upgrades.oldest(self.version)

    @property
    def tidies(self) -> bool:
        """Whether its jobs have an `on_cancel` hook."""
        return self.target.has_hook("on_cancel")

    @property
    def argument_names(self) -> tuple[str, ...]:
        return self.arguments.type.__struct_fields__  # type: ignore[no-any-return]

    @property
    def limits(self) -> Limits:
        options = self.options
        rate = options.rate_limit
        return Limits(
            self.kind,
            options.max_concurrent,
            options.max_per_key,
            (rate.count, round(rate.per.total_seconds() * 1000)) if rate is not None else None,
        )

    @property
    def module(self) -> str:
        return self.source.partition(":")[0]

    def understands(self, version: int) -> bool:
        """Whether arguments and state stored under `version` can be read here."""
        return self.oldest_version <= version <= self.version

    # --- arguments

    def encode_arguments(self, job: object) -> bytes:
        """Encode, and decode again to validate. Raises ArgumentError, which names the field; PayloadTooLarge."""
        try:
            data = encode(self.target.encodable(job))
        except Exception as error:
            self._refuse_unencodable(job, error)
        limited(data, f"the argument payload of {self.kind!r}", ARGUMENTS_LIMIT)
        try:
            self.arguments.check(data)
        except msgspec.MsgspecError as error:
            raise argument_error(self.kind, error) from None
        return data

    def decode_arguments(self, data: bytes, version: int) -> Job[Any, Any]:
        """A fresh job from stored arguments, upgraded from `version`, its transient fields built. ArgumentError."""
        arguments = self._decode_arguments(data, version)
        try:
            return self.target.build(self, arguments)
        except Exception as error:  # the job's own __post_init__ or default_factory
            raise ArgumentError(self.kind, _own_words(error)) from error

    def arguments_from_json(self, value: Mapping[str, object]) -> Job[Any, Any]:
        """A job from JSON values. Raises ArgumentError."""
        try:
            arguments = from_json(dict(value), self.arguments.type)
        except msgspec.MsgspecError as error:
            raise argument_error(self.kind, error) from None
        try:
            return self.target.build(self, arguments)
        except Exception as error:
            raise ArgumentError(self.kind, _own_words(error)) from error

    def arguments_to_plain(self, data: bytes, version: int) -> dict[str, object] | None:
        """Stored arguments as JSON values, for display; None where they cannot be read here. Never raises."""
        try:
            return cast("dict[str, object]", to_json(self._decode_arguments(data, version)))
        except Exception:
            return None

    def arguments_schema(self) -> dict[str, object]:
        """The JSON Schema of the arguments."""
        return schema_of(self.arguments.type, self.description)

    def _decode_arguments(self, data: bytes, version: int) -> msgspec.Struct:
        try:
            if version != self.version:
                data = encode(self.upgrades.arguments(decode_plain(data), version, self.version))
            return self.arguments.decode(data)
        except msgspec.MsgspecError as error:
            raise argument_error(self.kind, error) from None
        except Exception as error:  # an upgrade's own code
            raise ArgumentError(self.kind, f"stored by version {version}: {_words(error)}") from error

    def _refuse_unencodable(self, job: object, error: Exception) -> NoReturn:
        for name in self.arguments.type.__struct_fields__:
            try:
                encode(self.target.argument(job, name))
            except Exception as cause:
                raise ArgumentError(self.kind, _words(cause), field=name) from error
        raise ArgumentError(self.kind, _words(error)) from error

    # --- state and output

    def encode_state(self, value: object) -> bytes:
        """Encode a state. Raises PayloadInvalid for another type than the job declares, PayloadTooLarge.

        A small state is checked whole, a large one by its class: checkpoints are frequent, and cheap for that.
        """
        try:
            data = encode(value)
            if len(data) <= WHOLLY_CHECKED or type(value) is not self.state_class:
                self.state.check(data)
        except Exception as error:
            raise PayloadInvalid(self.kind, "state", _words(error)) from error
        return limited(data, f"the state of {self.kind!r}", STATE_LIMIT)

    def decode_state(self, data: bytes, version: int) -> Any:
        """A stored state, upgraded from `version`. Raises PayloadInvalid."""
        try:
            if version != self.version:
                data = encode(self.upgrades.state(decode_plain(data), version, self.version))
            return self.state.decode(data)
        except Exception as error:
            raise PayloadInvalid(self.kind, "stored state", _words(error)) from error

    def encode_output(self, value: object) -> bytes:
        """Raises PayloadInvalid for another type than the job declares, PayloadTooLarge."""
        if value is None and self.output.type is None:
            return NONE
        try:
            data = encode(value)
            self.output.check(data)
        except Exception as error:
            raise PayloadInvalid(self.kind, "output", _words(error)) from error
        return limited(data, f"the output of {self.kind!r}", OUTPUT_LIMIT)

    def decode_output(self, data: bytes) -> Any:
        """Raises PayloadInvalid."""
        try:
            return self.output.decode(data)
        except Exception as error:
            raise PayloadInvalid(self.kind, "stored output", _words(error)) from error

    def output_to_plain(self, data: bytes) -> object:
        """A stored output as JSON values, for display; None where it cannot be read here. Never raises."""
        try:
            return to_json(self.output.decode(data))
        except Exception:
            return plain_value(data)

    # --- running

    def start(self, job: object, context: object) -> Any:
        """Call the job's code: a coroutine, or what a plain function returns."""
        return self.target.start(job, context)

    def hook(self, job: object, name: HookName) -> Hook | None:
        """The bound hook, where the job's class has it."""
        return self.target.hook(job, name)


NONE: Final = encode(None)
WHOLLY_CHECKED: Final = 128


def plain_value(data: bytes) -> object:
    """Any payload as JSON values, without its type; None where it is no payload."""
    try:
        return to_json(decode_plain(data))
    except Exception:
        return None


_AT: Final = r" - at `\$\.?([^`.\[]*)([^`]*)`$"
_NAMED: Final = r"^Object (missing required|contains unknown) field `(.*)`$"


def argument_error(kind: str, error: msgspec.MsgspecError) -> ArgumentError:
    """Say in the argument's name what msgspec says by place."""
    text = str(error)
    at = re.search(_AT, text)
    problem = text[: at.start()] if at else text
    if at and at[1]:
        return ArgumentError(kind, problem + (f" (at {at[1]}{at[2]})" if at[2] else ""), field=at[1])
    named = re.match(_NAMED, problem)
    if named:
        return ArgumentError(kind, "is missing" if named[1] == "missing required" else "is unknown", field=named[2])
    return ArgumentError(kind, problem)


def _own_words(error: Exception) -> str:
    """Of the job's own code: a ValueError is how it says to people what does not fit."""
    return str(error) if isinstance(error, ValueError) and str(error) else f"{type(error).__name__}: {error}"


def _words(error: Exception) -> str:
    if isinstance(error, (msgspec.MsgspecError, NotImplementedError, UpgradeMissing)):
        return str(error)
    return f"{type(error).__name__}: {error}"
