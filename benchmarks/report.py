"""From measured values to verdicts, a table and JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.model import Benchmark, Limit, Line, Role, Side, Versus
from benchmarks.run import Measured


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the table. None: not measured."""

    title: str
    unit: str
    target: str
    raw: float | None
    peer: float | None
    peer_name: str
    ours: float | None
    ratio: float | None
    met: bool | None


def judge(benchmark: Benchmark, measured: Measured) -> list[Verdict]:
    return [verdict(benchmark, line, measured) for line in benchmark.lines]


def verdict(benchmark: Benchmark, line: Line, measured: Measured) -> Verdict:
    ours = first_of(benchmark, "ours", measured, line.figure)
    raw, (peer_name, peer) = raw_limit(benchmark, line, measured), best_peer(benchmark, line, measured)
    goal = bound(benchmark, line, measured, raw, peer)
    met = None
    if ours is not None and goal is not None:
        met = ours >= goal if line.better == "more" else ours <= goal
    return Verdict(
        title=line.title,
        unit=line.unit,
        target=target_text(line),
        raw=raw,
        peer=peer,
        peer_name=peer_name,
        ours=ours,
        ratio=ratio(line, ours, goal),
        met=met,
    )


def named_side(benchmark: Benchmark, line: Line, roles: tuple[Role, ...]) -> Side | None:
    """The side of one of these roles that the line's target names."""
    of = line.target.of if isinstance(line.target, Versus) else ""
    return next((side for side in benchmark.sides if side.name == of and side.role in roles), None)


def compared_figure(line: Line) -> str:
    return (line.target.figure if isinstance(line.target, Versus) else "") or line.figure


def raw_limit(benchmark: Benchmark, line: Line, measured: Measured) -> float | None:
    if side := named_side(benchmark, line, ("raw",)):
        return measured.middle(side.name, compared_figure(line))
    return first_of(benchmark, "raw", measured, line.figure)


def first_of(benchmark: Benchmark, role: Role, measured: Measured, figure: str) -> float | None:
    """The figure by the first side of this role that has it."""
    values = (measured.middle(side.name, figure) for side in benchmark.sides if side.role == role)
    return next((value for value in values if value is not None), None)


def best_peer(benchmark: Benchmark, line: Line, measured: Measured) -> tuple[str, float | None]:
    """The peer that the line names, else the best of them."""
    if side := named_side(benchmark, line, ("peer", "other")):
        return side.name, measured.middle(side.name, compared_figure(line))
    found = [
        (value, side.name)
        for side in benchmark.sides
        if side.role == "peer" and (value := measured.middle(side.name, line.figure)) is not None
    ]
    if not found:
        return "", None
    value, name = max(found) if line.better == "more" else min(found)
    return name, value


def bound(benchmark: Benchmark, line: Line, measured: Measured, raw: float | None, peer: float | None) -> float | None:
    """The figure that ours has to reach."""
    match line.target:
        case Limit(value):
            return value
        case Versus(factor, "raw"):
            return None if raw is None else factor * raw
        case Versus(factor, "best peer"):
            return None if peer is None else factor * peer
        case Versus(factor, "ours", figure):
            base = first_of(benchmark, "ours", measured, figure)
            return None if base is None else factor * base
        case Versus(factor, of):
            base = measured.middle(of, compared_figure(line))
            return None if base is None else factor * base
        case None:
            return None


def ratio(line: Line, ours: float | None, goal: float | None) -> float | None:
    """Ours to what it is compared with; for a plain limit, to the limit."""
    if ours is None or not goal:
        return None
    return ours / (goal / line.target.factor if isinstance(line.target, Versus) else goal)


def target_text(line: Line) -> str:
    sign = "≥" if line.better == "more" else "≤"
    match line.target:
        case Limit(value):
            return f"{sign} {number(value)} {line.unit}"
        case Versus(factor, of, figure):
            return f"{sign} {factor:.3g} × {of if of != 'ours' else figure.replace('_', ' ')}"
        case None:
            return ""


HEADINGS = ("row", "target", "raw", "best peer", "ours", "ratio", "met")


def table(verdicts: list[Verdict]) -> str:
    """A Markdown table that also reads well on a terminal."""
    rows = [HEADINGS, *(cells(verdict) for verdict in verdicts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def cells(verdict: Verdict) -> tuple[str, ...]:
    peer = "" if verdict.peer is None else f"{number(verdict.peer)} {verdict.peer_name}"
    unknown = "not measured" if verdict.target else ""
    met = {True: "yes", False: "NO", None: unknown}[verdict.met]
    ours = "" if verdict.ours is None else f"{number(verdict.ours)} {verdict.unit}"
    share = "" if verdict.ratio is None else f"{verdict.ratio:.2f}"
    return (verdict.title, verdict.target, number(verdict.raw), peer, ours, share, met)


def number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def summary(verdicts: list[Verdict]) -> str:
    judged = [verdict.met for verdict in verdicts if verdict.target]
    return f"{judged.count(True)} met, {judged.count(False)} missed, {judged.count(None)} not measured"


def as_json(verdicts: list[Verdict], measured: Measured) -> dict[str, object]:
    return {
        "lines": [asdict(verdict) for verdict in verdicts],
        "values": {side: dict(figures) for side, figures in measured.values.items()},
        "errors": measured.errors,
    }
