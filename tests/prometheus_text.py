"""Prometheus' text format 0.0.4, read as strictly as its documentation and `promtool check metrics` want it."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
TYPES: Final = frozenset({"counter", "gauge", "histogram", "summary", "untyped"})
SUFFIXES: Final = {"histogram": ("_bucket", "_sum", "_count")}
NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Malformed(Exception):
    """The line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`labels` in their order; no two are called alike."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float

    def label(self, name: str) -> str:
        return dict(self.labels)[name]

    def without(self, name: str) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(pair for pair in self.labels if pair[0] != name))


@dataclass(slots=True)
class Family:
    name: str
    help: str
    type: str
    samples: list[Sample] = field(default_factory=list[Sample])


def parse(text: str) -> dict[str, Family]:
    """The families by name. Raises Malformed for whatever Prometheus, or its linter, would not take."""
    if text and not text.endswith("\n"):
        raise Malformed("the last line does not end")
    families: dict[str, Family] = {}
    present: Family | None = None
    helped: tuple[str, str] | None = None
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            helped = _help(line, families)
        elif line.startswith("# TYPE "):
            present = _type(line, helped, families)
            helped = None
        else:
            if present is None or helped is not None:
                raise Malformed(f"a sample before HELP and TYPE of its family: {line!r}")
            present.samples.append(_sample(line, present))
    for family in families.values():
        _check(family)
    return families


def _help(line: str, families: dict[str, Family]) -> tuple[str, str]:
    name, _, said = line.removeprefix("# HELP ").partition(" ")
    if not METRIC_NAME.fullmatch(name) or not said.strip():
        raise Malformed(f"no name, or no help: {line!r}")
    if name in families:
        raise Malformed(f"{name} comes a second time: its lines are not together")
    return name, _unescape(said, line, quotes=False)


def _type(line: str, helped: tuple[str, str] | None, families: dict[str, Family]) -> Family:
    name, _, type_ = line.removeprefix("# TYPE ").partition(" ")
    if helped is None or helped[0] != name:
        raise Malformed(f"a TYPE that does not follow its HELP: {line!r}")
    if type_ not in TYPES:
        raise Malformed(f"no type: {line!r}")
    families[name] = Family(name, helped[1], type_)
    return families[name]


def _sample(line: str, family: Family) -> Sample:
    found = METRIC_NAME.match(line)
    if found is None:
        raise Malformed(f"no sample, and no comment: {line!r}")
    rest = line[found.end() :]
    labels: tuple[tuple[str, str], ...] = ()
    if rest.startswith("{"):
        labels, rest = _labels(rest[1:], line)
    if not rest.startswith(" "):
        raise Malformed(f"no space before the value: {line!r}")
    names = [name for name, _ in labels]
    if len(names) != len(set(names)):
        raise Malformed(f"a label twice: {line!r}")
    if found.group() not in [family.name + suffix for suffix in SUFFIXES.get(family.type, ("",))]:
        raise Malformed(f"{found.group()} does not belong to {family.type} {family.name}")
    return Sample(found.group(), labels, _value(rest[1:], line))


def _labels(rest: str, line: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """From after the brace; and what follows the closing one."""
    labels: list[tuple[str, str]] = []
    while not rest.startswith("}"):
        name = LABEL_NAME.match(rest)
        if name is None or name.group().startswith("__") or not rest[name.end() :].startswith('="'):
            raise Malformed(f"no label: {line!r}")
        value = re.match(r'(?:[^"\\]|\\.)*', rest[name.end() + 2 :])
        assert value is not None  # it may be empty
        rest = rest[name.end() + 2 + value.end() :]
        if not rest.startswith('"'):
            raise Malformed(f"a value does not end: {line!r}")
        labels.append((name.group(), _unescape(value.group(), line, quotes=True)))
        rest = rest[1:].removeprefix(",")
    return tuple(labels), rest[1:]


def _unescape(text: str, line: str, *, quotes: bool) -> str:
    known = {"\\\\": "\\", "\\n": "\n", **({'\\"': '"'} if quotes else {})}

    def plain(match: re.Match[str]) -> str:
        if match.group() not in known:
            raise Malformed(f"no escape: {match.group()} in {line!r}")
        return known[match.group()]

    return re.sub(r"\\.?", plain, text)


def _value(text: str, line: str) -> float:
    if text in ("+Inf", "-Inf", "NaN"):
        return float(text)
    if NUMBER.fullmatch(text) is None:
        raise Malformed(f"no number: {line!r}")
    return float(text)


def _check(family: Family) -> None:
    """What belongs to a family as a whole."""
    series = [(one.name, tuple(sorted(one.labels))) for one in family.samples]
    if len(series) != len(set(series)):
        raise Malformed(f"a series of {family.name} comes twice")
    if (family.type == "counter") != family.name.endswith("_total"):
        raise Malformed(f"a {family.type} is called {family.name}: counters, and they alone, end in _total")
    if family.type == "counter" and not all(math.isfinite(one.value) and one.value >= 0 for one in family.samples):
        raise Malformed(f"{family.name} counts below nothing, or to no number")
    if family.type == "histogram":
        _check_histogram(family)


def _check_histogram(family: Family) -> None:
    parts: dict[tuple[tuple[str, str], ...], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for one in family.samples:
        parts[one.without("le")][one.name.removeprefix(family.name)].append(one)
    for labels, part in parts.items():
        buckets = [(_value(one.label("le"), one.name), one.value) for one in part["_bucket"]]
        counts = [count for _, count in buckets]
        if buckets != sorted(buckets) or counts != sorted(counts):
            raise Malformed(f"the buckets of {family.name}{labels} are not in order, or not cumulated")
        if not buckets or not math.isinf(buckets[-1][0]):
            raise Malformed(f"{family.name}{labels} has no bucket for all")
        if (len(part["_count"]), len(part["_sum"])) != (1, 1):
            raise Malformed(f"{family.name}{labels} has no sum, or no count")
        (count,) = part["_count"]
        if count.value != buckets[-1][1]:
            raise Malformed(
                f"{family.name}{labels}: the bucket of all holds {buckets[-1][1]}, and counted {count.value}"
            )


def counters(families: dict[str, Family]) -> Iterator[tuple[tuple[str, tuple[tuple[str, str], ...]], float]]:
    """All that may only rise, by series: counters, and the counts and sums of histograms."""
    for family in families.values():
        if family.type in ("counter", "histogram"):
            for one in family.samples:
                yield (one.name, tuple(sorted(one.labels))), one.value
