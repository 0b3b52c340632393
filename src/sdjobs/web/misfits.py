"""What the decoder says of a value that does not fit, in words for people."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, get_args, get_origin

from litestar.handlers.base import BaseRouteHandler
from litestar.params import ParameterKwarg

NOUNS: Final = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a moment with its offset from UTC, such as 2026-11-25T14:00:00Z",
}
FORM: Final = "has not the form that it must have"
MOMENT: Final = f"must be {NOUNS['datetime']}"

_EXPECTED: Final = re.compile(r"Expected `([^`]+)`(?:, got `([^`]+)`)?$")
_BOUND: Final = re.compile(r"Expected `\w+`( of length)? (>=|<=|>|<) (-?[\d.]+)$")
_LENGTH_OF: Final = {"str": "characters long", "array": "entries long", "object": "entries long"}
_BOUNDS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`$")
_LACKS: Final = re.compile(r"Missing required \w+ parameter '([^']*)' for path ")
_ENUM: Final = re.compile(r"Invalid enum value (.*)$")


def in_words(said: str, *, description: str = "", choices: tuple[str, ...] = ()) -> str:
    """The rest of a sentence that begins with the value's name. `description`: what the API's description says of it;
    `choices`: the words that it may be. Of what is not known here, the decoder's own words."""
    if "matching regex" in said:
        return f"is not what it must be: {_within(description).rstrip('.')}" if description else FORM
    if "RFC3339" in said or "timezone" in said:
        return MOMENT
    if bound := _BOUND.match(said):
        unit = f" {_LENGTH_OF.get(_type_in(said), 'long')}" if bound[1] else ""
        return f"must be {_BOUNDS[bound[2]]} {bound[3]}{unit}"
    if (expected := _EXPECTED.match(said)) and (nouns := _nouns(expected[1])):
        return f"must be {nouns}"
    if unknown := _UNKNOWN.match(said):
        return f"has a field {unknown[1]!r}, which is not known here"
    if missing := _MISSING.match(said):
        return f"lacks the field {missing[1]!r}"
    if enum := _ENUM.match(said):
        return f"is {enum[1]}; it must be {_either(choices)}" if choices else f"is {enum[1]}, which it cannot be"
    return said


def missing(said: str) -> str:
    """The parameter that a request lacks; empty if something else is wrong with it."""
    found = _LACKS.match(said)
    return found[1] if found else ""


def of_body(said: str) -> str:
    """Of a body that is no JSON."""
    if said == "Input data was truncated":
        return "the JSON that was sent is not whole: it ends too early, or has half of a surrogate pair in it"
    return said


def described(handler: BaseRouteHandler, name: str) -> tuple[str, tuple[str, ...]]:
    """What the API's description says of a parameter, and the words that it may be."""
    for field in handler.parsed_fn_signature.parameters.values():
        kwarg = field.kwarg_definition
        if isinstance(kwarg, ParameterKwarg) and name in (kwarg.name, field.name):
            return kwarg.description or "", _words_of(field.annotation)
    return "", ()


def _within(description: str) -> str:
    """Within a sentence: with a small letter, unless it begins with an abbreviation."""
    return description if description[1:2].isupper() else description[:1].lower() + description[1:]


def _words_of(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return tuple(word for inner in get_args(annotation) for word in _words_of(inner))


def _type_in(said: str) -> str:
    return said.partition("`")[2].partition("`")[0]


def _nouns(types: str) -> str:
    """ "int | null" in words; null goes without saying. Empty where one of them is not known here."""
    names = [name for name in types.split(" | ") if name != "null"] or ["null"]
    return _either(tuple(NOUNS[name] for name in names)) if all(name in NOUNS for name in names) else ""


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
