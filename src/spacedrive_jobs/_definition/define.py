"""From what was decorated to its JobDefinition; every mistake that can be seen is raised here, at import."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast, get_origin

import msgspec

from spacedrive_jobs._definition.context import JobContext
from spacedrive_jobs._definition.definition import JobDefinition, Style, Target
from spacedrive_jobs._definition.limits import check_limits, check_named
from spacedrive_jobs._definition.progress_codec import check_progress_types
from spacedrive_jobs._definition.signature import (
    ArgumentField,
    Signature,
    arguments_codec,
    codec_of,
    hints_of,
    read_fields,
    read_function,
)
from spacedrive_jobs._definition.targets import ClassTarget, FunctionTarget
from spacedrive_jobs._definition.upgrades import ArgumentsUpgrade, StateUpgrade, Upgrades
from spacedrive_jobs._model.errors import DefinitionError
from spacedrive_jobs._model.options import Isolation, JobOptions, LimitKey, Rate, Unique
from spacedrive_jobs._model.resources import Resource
from spacedrive_jobs._model.transition import OnFailure

KIND: Final = r"[A-Za-z][A-Za-z0-9_.-]{0,99}"
DEFAULT_BACKOFF: Final = JobOptions().backoff
HOOKS: Final = ("on_pause", "on_resume", "on_cancel")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `@job(...)` was given, as it was given."""

    name: str
    version: int
    aliases: Sequence[str]
    description: str
    resumable: bool
    ephemeral: bool
    isolation: Isolation | None
    priority: int
    retries: int
    backoff: timedelta | None
    timeout: timedelta | None
    deadline: timedelta | None
    checkpoint_interval: timedelta | None
    upgrades: Mapping[int, ArgumentsUpgrade] | None
    state_upgrades: Mapping[int, StateUpgrade] | None
    max_concurrent: int | None
    max_per_key: int | None
    limit_key: LimitKey | None
    rate_limit: Rate | None
    depends_on: tuple[object, ...]
    on_failure: OnFailure
    scope: str | None
    unique: Unique | None
    requires_resources: tuple[Resource, ...]


def define_class(cls: type[Any], settings: Settings) -> JobDefinition:
    """Make `cls` a frozen, keyword-only dataclass and define its kind."""
    kind, documented = settings.name, cls.__dict__.get("__doc__")
    signature = _read_run(kind, cls)
    for name in HOOKS:
        _check_hook(kind, cls, name)
    _make_dataclass(kind, cls)
    arguments = read_fields(kind, cls)
    names = tuple(argument.name for argument in arguments)
    target = ClassTarget(cls, names, all_stored=len(names) == len(dataclasses.fields(cls)))
    return _define(cls, settings, "class", target, arguments, signature, documented)


def define_function(function: Callable[..., Any], settings: Settings) -> JobDefinition:
    kind = settings.name
    if not inspect.isfunction(function):
        raise DefinitionError(f"{kind!r}: @job takes a function or a class, not {function!r}")
    signature = read_function(kind, function, method=False)
    is_async = inspect.iscoroutinefunction(function)
    if is_async != (signature.context == "async"):
        raise DefinitionError(
            f"{kind!r}: {function.__qualname__} is "
            + (
                "async: its context is JobContext"
                if is_async
                else "a plain function: its context is BlockingJobContext"
            )
        )
    names = tuple(argument.name for argument in signature.arguments)
    positional = sum(not argument.keyword_only for argument in signature.arguments)
    target = FunctionTarget(function, names, positional)
    style: Style = "function" if is_async else "blocking"
    return _define(function, settings, style, target, signature.arguments, signature, function.__doc__)


def _define(
    target_object: Any,
    settings: Settings,
    style: Style,
    target: Target,
    arguments: tuple[ArgumentField, ...],
    signature: Signature,
    documented: str | None,
) -> JobDefinition:
    check_progress_types()
    kind = settings.name
    source = f"{target_object.__module__}:{target_object.__qualname__}"
    options = _options(settings, style, source)
    check_named(settings, tuple(argument.name for argument in arguments))
    upgrades = Upgrades(dict(settings.upgrades or {}), dict(settings.state_upgrades or {}))
    upgrades.check(kind, settings.version)
    return JobDefinition(
        kind=kind,
        version=settings.version,
        aliases=tuple(settings.aliases),
        description=settings.description or _first_line(documented),
        options=options,
        source=source,
        style=style,
        place=_place(target_object),
        target=target,
        arguments=arguments_codec(kind, target_object.__name__, arguments),
        state=codec_of(kind, "state", signature.state),
        output=codec_of(kind, "output", signature.output),
        upgrades=upgrades,
        state_class=signature.state if isinstance(signature.state, type) else None,
    )


# --- a class ----------------------------------------------------------------------------------------------------------


def _read_run(kind: str, cls: type[Any]) -> Signature:
    run = getattr(cls, "run", None)
    if run is None:
        raise DefinitionError(f"{kind!r}: {cls.__qualname__} has no run; write `async def run(self, ctx: JobContext)`")
    if not inspect.iscoroutinefunction(run):
        raise DefinitionError(
            f"{kind!r}: {cls.__qualname__}.run must be `async def`; a plain function under @job may block"
        )
    signature = read_function(kind, run, method=True)
    if signature.context != "async":
        raise DefinitionError(f"{kind!r}: {cls.__qualname__}.run is async: its context is JobContext")
    if signature.arguments:
        extra = ", ".join(argument.name for argument in signature.arguments)
        raise DefinitionError(f"{kind!r}: {cls.__qualname__}.run takes its context alone; make {extra} a field")
    return signature


def _check_hook(kind: str, cls: type[Any], name: str) -> None:
    hook = getattr(cls, name, None)
    if hook is None:
        return
    advice = f"write `async def {name}(self, ctx: JobContext)`"
    if not inspect.iscoroutinefunction(hook):
        raise DefinitionError(f"{kind!r}: {cls.__qualname__}.{name} is a hook: {advice}")
    parameters = inspect.signature(hook).parameters
    hints = hints_of(kind, hook)
    contexts = [get_origin(hints.get(parameter)) or hints.get(parameter) for parameter in [*parameters][1:]]
    if contexts != [JobContext]:
        raise DefinitionError(f"{kind!r}: {cls.__qualname__}.{name} takes the context alone: {advice}")


def _make_dataclass(kind: str, cls: type[Any]) -> None:
    if "__dataclass_params__" in cls.__dict__:
        raise DefinitionError(f"{kind!r}: @job makes {cls.__qualname__} a frozen dataclass: leave @dataclass out")
    if "__init__" in cls.__dict__:
        raise DefinitionError(f"{kind!r}: {cls.__qualname__} has fields instead of __init__ (and __post_init__)")
    for name, hint in hints_of(kind, cls).items():
        if isinstance(hint, dataclasses.InitVar):
            raise DefinitionError(f"{kind!r}: {name!r} is an InitVar, which cannot be stored")
    try:
        dataclass(frozen=True, kw_only=True)(cls)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{kind!r}: {cls.__qualname__} cannot be a frozen dataclass: {error}") from error


# --- options ----------------------------------------------------------------------------------------------------------


def check_settings(settings: Settings) -> None:
    """Raise DefinitionError for a value that an option cannot have."""
    kind = settings.name
    for name in (kind, *settings.aliases):
        if not isinstance(cast("object", name), str) or not re.fullmatch(KIND, name):
            raise DefinitionError(
                f"{name!r} cannot name a job: up to 100 letters, digits, `_`, `.`, `-`, a letter first"
            )
    if isinstance(settings.aliases, str) or kind in settings.aliases:
        raise DefinitionError(f"{kind!r}: aliases are a list of former names")
    for option, value, least in (("version", settings.version, 1), ("retries", settings.retries, 0)):
        if not _is_int(value) or value < least:
            raise DefinitionError(f"{kind!r}: {option} is a whole number from {least}, not {value!r}")
    if not _is_int(settings.priority):
        raise DefinitionError(f"{kind!r}: priority is a whole number, not {settings.priority!r}")
    check_limits(settings)
    for option in ("backoff", "timeout", "deadline", "checkpoint_interval"):
        duration: object = getattr(settings, option)
        if duration is not None and not (isinstance(duration, timedelta) and duration > timedelta()):
            raise DefinitionError(f"{kind!r}: {option} is a timedelta above zero, not {duration!r}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _options(settings: Settings, style: Style, source: str) -> JobOptions:
    kind, isolation = settings.name, settings.isolation or ("thread" if style == "blocking" else "async")
    allowed = ("thread", "process") if style == "blocking" else ("async", "process")
    if isolation not in allowed:
        what = "a plain function" if style == "blocking" else "an async job"
        raise DefinitionError(f"{kind!r}: {what} is isolated by {' or '.join(map(repr, allowed))}, not {isolation!r}")
    module, _, name = source.partition(":")
    if isolation == "process" and (module == "__main__" or "<locals>" in name):
        where = "in the program that was started" if module == "__main__" else "inside a function"
        raise DefinitionError(
            f"{kind!r}: a child process imports its job by module, so it cannot be defined {where}: "
            "move it to the top level of a module of its own and import it"
        )
    if settings.ephemeral and isolation == "process":
        raise DefinitionError(
            f"{kind!r}: an ephemeral job runs in the process that dispatches it, not in one of its own"
        )
    return JobOptions(
        resumable=settings.resumable,
        ephemeral=settings.ephemeral,
        isolation=isolation,
        priority=settings.priority,
        retries=settings.retries,
        backoff=settings.backoff or DEFAULT_BACKOFF,
        timeout=settings.timeout,
        deadline=settings.deadline,
        checkpoint_interval=settings.checkpoint_interval,
        max_concurrent=settings.max_concurrent,
        max_per_key=settings.max_per_key,
        limit_key=settings.limit_key,
        rate_limit=settings.rate_limit,
        depends_on=settings.depends_on,
        on_failure=settings.on_failure,
        scope=settings.scope,
        unique=settings.unique,
        requires_resources=settings.requires_resources,
    )


def _place(target: Any) -> str:
    """File and name of what was decorated: the same for a module that is imported under two names."""
    file = getattr(sys.modules.get(target.__module__), "__file__", None)
    return f"{os.path.realpath(file) if file else f'<{target.__module__}>'}: {target.__qualname__}"


def _first_line(documented: str | None) -> str:
    return inspect.cleandoc(documented).partition("\n")[0] if documented else ""
