"""What a job's annotations say: its context and state, its arguments, its output. Mistakes raise DefinitionError."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import partial
from pathlib import PurePath
from typing import Any, Literal, NamedTuple, NoReturn, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect as msgspec_inspect
from msgspec import msgpack

from spacedrive_jobs._definition.codec import Codec, from_stored
from spacedrive_jobs._definition.context import BlockingJobContext, JobContext
from spacedrive_jobs._model.errors import DefinitionError

ContextStyle: TypeAlias = Literal["async", "blocking"]


class ArgumentField(NamedTuple):
    """One argument: a class's field or a function's parameter. Without `default` and `factory` it is required."""

    name: str
    type: Any
    default: Any = msgspec.NODEFAULT
    factory: Callable[[], object] | None = None
    keyword_only: bool = True


class Signature(msgspec.Struct, frozen=True):
    """What was read from a function: `arguments` are its parameters after the context."""

    context: ContextStyle
    state: Any
    output: Any
    arguments: tuple[ArgumentField, ...]


def hints_of(kind: str, annotated: Any) -> dict[str, Any]:
    """Resolved annotations of a function or class."""
    try:
        return get_type_hints(annotated, include_extras=True)
    except NameError as error:
        raise DefinitionError(
            f"{kind!r}: an annotation of {annotated.__qualname__} names {error.name!r}, which is not known there: "
            "define it at module level and above the job, and import it outside `if TYPE_CHECKING`"
        ) from error
    except Exception as error:
        raise DefinitionError(f"{kind!r}: its annotations cannot be read: {error}") from error


def read_function(kind: str, function: Callable[..., Any], *, method: bool) -> Signature:
    """Read a job function, or (`method`) the `run` of a class."""
    name = function.__qualname__
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise DefinitionError(f"{kind!r}: {name} yields; a job returns its output and reports by its context")
    hints = hints_of(kind, function)
    parameters = list(inspect.signature(function).parameters.values())[1 if method else 0 :]
    context, state = _context(kind, name, parameters, hints)
    if "return" not in hints:
        raise DefinitionError(f"{kind!r}: annotate what {name} returns (`-> None` for nothing)")
    output = None if hints["return"] is type(None) else hints["return"]
    arguments = tuple(_argument(kind, name, parameter, hints) for parameter in parameters[1:])
    return Signature(context, state, output, arguments)


def _context(
    kind: str, name: str, parameters: list[inspect.Parameter], hints: Mapping[str, Any]
) -> tuple[ContextStyle, Any]:
    hint = hints.get(parameters[0].name) if parameters else None
    origin = get_origin(hint) or hint
    if origin not in (JobContext, BlockingJobContext) or parameters[0].kind in (
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    ):
        raise DefinitionError(
            f"{kind!r}: the first parameter of {name} must be its context, annotated "
            "`ctx: JobContext[State]` (async def) or `ctx: BlockingJobContext[State]` (def)"
        )
    (state,) = get_args(hint) or (type(None),)
    if isinstance(state, TypeVar):
        raise DefinitionError(f"{kind!r}: the state of {name} must be a type, not the type variable {state}")
    return ("async" if origin is JobContext else "blocking"), (None if state is type(None) else state)


def _argument(kind: str, name: str, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> ArgumentField:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        raise DefinitionError(f"{kind!r}: arguments are stored by name: {name} cannot take *{parameter.name}")
    if parameter.name not in hints:
        raise DefinitionError(f"{kind!r}: annotate the parameter {parameter.name!r} of {name}")
    keyword_only = parameter.kind is inspect.Parameter.KEYWORD_ONLY
    type_ = hints[parameter.name]
    default = msgspec.NODEFAULT if parameter.default is inspect.Parameter.empty else parameter.default
    if type(default).__hash__ is None:  # a list, say, which jobs must not share
        return ArgumentField(parameter.name, type_, factory=partial(deepcopy, default), keyword_only=keyword_only)
    return ArgumentField(parameter.name, type_, default, keyword_only=keyword_only)


def read_fields(kind: str, cls: type[Any]) -> tuple[ArgumentField, ...]:
    """The stored fields of a dataclass: all that its constructor takes."""
    hints = hints_of(kind, cls)
    return tuple(_field(field, hints[field.name]) for field in dataclasses.fields(cls) if field.init)


def _field(field: dataclasses.Field[Any], type_: Any) -> ArgumentField:
    default = msgspec.NODEFAULT if field.default is dataclasses.MISSING else field.default
    factory = None if field.default_factory is dataclasses.MISSING else field.default_factory
    return ArgumentField(field.name, type_, default, factory)


# --- types ------------------------------------------------------------------------------------------------------------


def arguments_codec(kind: str, name: str, arguments: tuple[ArgumentField, ...]) -> Codec[msgspec.Struct]:
    """The codec of a struct of exactly the stored arguments: strict when decoded, fast to build, clean as a schema."""
    for argument in arguments:
        check_type(kind, f"argument {argument.name!r}", argument.type)
    by_position = [_struct_field(argument) for argument in arguments if not argument.keyword_only]
    by_name = [_struct_field(argument) for argument in arguments if argument.keyword_only]
    struct = msgspec.defstruct(name, by_position, forbid_unknown_fields=True)
    if by_name:
        struct = msgspec.defstruct(name, by_name, bases=(struct,), kw_only=True, forbid_unknown_fields=True)
    return Codec(struct)


def _struct_field(argument: ArgumentField) -> tuple[str, Any, Any]:
    if argument.factory is not None:
        return argument.name, argument.type, msgspec.field(default_factory=argument.factory)
    return argument.name, argument.type, msgspec.field(default=argument.default)


def codec_of(kind: str, what: str, type_: Any) -> Codec[Any]:
    """The codec of a type, after a look at whether all of it can be stored."""
    check_type(kind, what, type_)
    return Codec(type_)


def check_type(kind: str, what: str, type_: Any) -> None:
    """Raise DefinitionError if values of `type_` cannot be stored and read back."""
    try:
        described = msgspec_inspect.type_info(type_)
        msgpack.Decoder(type_, dec_hook=from_stored)
    except NameError as error:
        _refuse(kind, what, f"it names {error.name!r}, which is not defined at module level above the job", error)
    except Exception as error:
        _refuse(kind, what, str(error), error)
    for custom in _custom_types(described, set()):
        if custom is not object and not issubclass(custom, PurePath):
            _refuse(kind, what, f"values of type `{custom.__module__}.{custom.__qualname__}` cannot be stored", None)


def _refuse(kind: str, what: str, problem: str, cause: Exception | None) -> NoReturn:
    raise DefinitionError(f"the {what} of {kind!r}: {problem}") from cause


def _custom_types(described: object, seen: set[int]) -> Iterable[type[Any]]:
    """All types inside a described one that msgspec leaves to us."""
    if id(described) in seen:
        return
    seen.add(id(described))
    if isinstance(described, msgspec_inspect.CustomType):
        yield described.cls
    elif isinstance(described, (msgspec_inspect.Type, msgspec_inspect.Field)):
        for name in described.__struct_fields__:
            if name not in ("default", "default_factory"):
                yield from _custom_types(getattr(described, name), seen)
    elif isinstance(described, tuple):
        for part in cast("tuple[object, ...]", described):
            yield from _custom_types(part, seen)
