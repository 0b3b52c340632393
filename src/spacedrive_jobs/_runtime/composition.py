"""What the contexts' verbs of composition share: keys, and values to bytes and back. Nothing here waits or stores."""

from __future__ import annotations

import hashlib
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, cast, get_type_hints

from spacedrive_jobs._definition.codec import OUTPUT_LIMIT, Codec, PayloadInvalid, decode_plain, encode, limited
from spacedrive_jobs._definition.definition import JobDefinition, plain_value
from spacedrive_jobs._definition.registry import Registry
from spacedrive_jobs._model.errors import JobCancelled, JobFailed
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._model.updates import Cancelled, Completed, Failed, JobOutcome
from spacedrive_jobs._runtime.service_messages import Ended, Spawn

KEY_LIMIT: Final = 200


class ChildKeys:
    """Keys for children that were given none: kind, arguments, and how often this attempt has spawned the like."""

    def __init__(self) -> None:
        self._spawned: Counter[str] = Counter()

    def next(self, kind: str, arguments: bytes) -> str:
        digest = hashlib.blake2b(arguments, digest_size=12).hexdigest()
        like = f"{kind}:{digest}"
        self._spawned[like] += 1
        return f"~{like}:{self._spawned[like]}"


def checked_key(verb: str, key: str) -> str:
    """Raise for a key that cannot be stored as one."""
    if not isinstance(cast("object", key), str) or not key or len(key) > KEY_LIMIT:
        raise ValueError(f"{verb} needs a key: a text of 1 to {KEY_LIMIT} characters, not {key!r}")
    return key.encode("utf-8", "backslashreplace").decode()


def spawn_request(
    definition: JobDefinition,
    job: object,
    key: str | None,
    after: Iterable[Any],
    keys: ChildKeys,
    trace: bytes | None = None,
) -> Spawn:
    arguments = definition.encode_arguments(job)
    name = keys.next(definition.kind, arguments) if key is None else checked_key("spawn_child", key)
    waits = tuple(handle.id.bytes for handle in after)
    return Spawn(definition.kind, definition.version, arguments, name, waits, trace)


# --- ends of other jobs -----------------------------------------------------------------------------------------------


def outcome_of(ended: Ended, registry: Registry) -> JobOutcome[Any]:
    """What became of a job, its output decoded as its kind's type (plain values where the kind is not known here)."""
    id_ = JobId.from_bytes(ended.job)
    status = JobStatus(ended.status)
    if status is JobStatus.FAILED:
        return Failed(
            JobFailed(
                id_,
                ended.kind,
                ended.error_message,
                error_type=ended.error_type,
                attempt=ended.attempt,
                traceback=ended.error_traceback,
            )
        )
    if status is JobStatus.CANCELLED:
        return Cancelled(ended.reason)
    assert ended.output is not None
    definition = registry.get(ended.kind)
    return Completed(definition.decode_output(ended.output) if definition else plain_value(ended.output))


def output_of(ended: Ended, registry: Registry) -> Any:
    """The output of a job that completed. Raises JobFailed, JobCancelled."""
    outcome = outcome_of(ended, registry)
    if isinstance(outcome, Completed):
        return outcome.output
    raise error_of(ended, outcome)


def error_of(ended: Ended, outcome: JobOutcome[Any]) -> JobFailed | JobCancelled:
    if isinstance(outcome, Failed):
        return outcome.error
    return JobCancelled(JobId.from_bytes(ended.job), ended.kind, ended.reason)


def raise_failures(ended: Sequence[Ended], registry: Registry) -> None:
    """Raise an ExceptionGroup of the ends that are no completion, if there are any."""
    errors = [error_of(one, outcome_of(one, registry)) for one in ended if one.status != JobStatus.COMPLETED.value]
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {len(ended)} children did not complete", errors)


# --- steps ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _result_codec(fn: Callable[..., Any]) -> Codec[Any] | None:
    """Of the function's return annotation; None where it has none, or one that cannot be resolved."""
    try:
        hint = get_type_hints(inspect.unwrap(fn)).get("return", Any)
        return Codec(hint)
    except Exception:
        return None


def encode_result(kind: str, key: str, fn: Callable[..., Any], value: object) -> bytes:
    """Raises PayloadInvalid for a result that could not be read back, PayloadTooLarge."""
    what = f"result of step {key!r}"
    try:
        data = encode(value)
        codec = _result_codec(fn)
        if codec is not None:
            codec.check(data)
    except Exception as error:
        raise PayloadInvalid(kind, what, f"{type(error).__name__}: {error}") from error
    return limited(data, f"the {what} of {kind!r}", OUTPUT_LIMIT)


def decode_result(kind: str, key: str, fn: Callable[..., Any], data: bytes) -> Any:
    try:
        codec = _result_codec(fn)
        return codec.decode(data) if codec is not None else decode_plain(data)
    except Exception as error:
        raise PayloadInvalid(kind, f"stored result of step {key!r}", str(error)) from error


def seconds_of(delay: timedelta | float) -> float:
    """Raises ValueError for a delay that is negative or none."""
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"a delay is a number of seconds from 0, not {delay!r}")
    return seconds


# --- questions --------------------------------------------------------------------------------------------------------


class Choices:
    """The allowed answers, as objects and as stored."""

    def __init__(self, choices: Iterable[Any]) -> None:
        self._objects = list(choices)
        self._stored = [encode(choice) for choice in self._objects]

    @property
    def stored(self) -> bytes:
        return encode([decode_plain(one) for one in self._stored])

    def answer(self, data: bytes) -> Any:
        """The object that was chosen; a text where anything may be answered."""
        if not self._objects:
            return decode_plain(data)
        try:
            return self._objects[self._stored.index(data)]
        except ValueError:
            return decode_plain(data)  # the choices have changed since it was answered


def ask_request(questions: Mapping[str, str], choices: Choices, topic: str) -> tuple[Any, ...]:
    """(questions, topic, choices) for JobServices.ask."""
    pairs = tuple((checked_key("ask", key), text) for key, text in questions.items())
    return pairs, topic, choices.stored
