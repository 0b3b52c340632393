"""Which of the jobs that are ready may start now: limits, rates, resources, paused kinds.

What is in use is computed from the claims that live in the same transaction, over all processes, and never counted by
hand: a process that dies gives back everything with its claims.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from spacedrive_jobs._model.lane import Lane, Limits, parse_lane
from spacedrive_jobs._store.tx import Tx

EVERYTHING: Final = "*"
"""Stands for every kind in the table of paused kinds."""

AGE_STEP_MS: Final = 60_000
"""Each minute of waiting counts as one step of priority …"""
AGE_CEILING: Final = 10
"""… but never above HIGH, so that CRITICAL stays first."""


class Held(NamedTuple):
    """What one running job holds of the resources that its lane names. `written`: of the space that it reserved."""

    job: bytes
    kind: str
    resources: tuple[str, ...]
    written: int


class Refusal(NamedTuple):
    """Why a job may not start, in words. `resource`: what it stands in line for, so that none behind overtakes it."""

    words: str
    resource: str = ""


class Supply(Protocol):
    """What this machine has, as it was last looked at: nothing here waits."""

    def refusal(self, resources: tuple[str, ...], held: Iterable[Held]) -> Refusal | None:
        """Why these cannot be had beside what is held; None if they can."""
        ...


class NoSupply:
    """Where no job asks for resources."""

    def refusal(self, resources: tuple[str, ...], held: Iterable[Held]) -> Refusal | None:
        return Refusal(f"needs {', '.join(resources)}, which this process does not know") if resources else None


class Taking(NamedTuple):
    """One running job, as admission sees it."""

    job: bytes
    kind: str
    lane: Lane
    written: int


class Admission:
    """One look at the queue. `again_at` is filled with the moment (ms) at which a rate lets the next job start."""

    again_at: int | None

    def __init__(self, tx: Tx, limits: Mapping[str, Limits], supply: Supply, now: int) -> None:
        self._tx, self._limits, self._supply, self._now = tx, limits, supply, now
        self.again_at = None
        self._paused: dict[str, str] = dict(tx.run("paused_kinds"))
        self._taking: dict[bytes, Taking] | None = None
        self._by_kind: Counter[str] = Counter()
        self._by_key: Counter[tuple[str, str]] = Counter()
        self._starts: dict[str, list[int]] = {}
        self._in_line: set[str] = set()
        self._wanting: set[bytes] = set()

    # --- asking -------------------------------------------------------------------------------------------------------

    def refusal(self, kind: str, lane_text: str, *, without: bytes | None = None) -> Refusal | None:
        """Why a job of this kind and lane may not start now. `without`: as if this running job had left."""
        paused = self._paused.get(kind) or self._paused.get(EVERYTHING)
        if paused is not None:
            return Refusal(paused)
        limits = self._limits.get(kind)
        if not lane_text and (limits is None or limits.is_none):
            return None
        lane = parse_lane(lane_text)
        self._load()
        leaving = self._taken().get(without) if without is not None else None
        if limits is not None and (refusal := self._limited(limits, lane, leaving)) is not None:
            return refusal
        return self._resources(lane, leaving) if lane.resources else None

    def is_paused(self, kind: str) -> bool:
        return kind in self._paused or EVERYTHING in self._paused

    def room(self, kind: str, wanted: int) -> int:
        """How many rows of a kind are worth reading: no more than its limit could admit."""
        limits = self._limits.get(kind)
        if limits is None or limits.max_concurrent is None:
            return wanted
        self._load()
        return max(0, min(wanted, limits.max_concurrent - self._by_kind[limits.kind]))

    def _limited(self, limits: Limits, lane: Lane, leaving: Taking | None) -> Refusal | None:
        if limits.max_concurrent is not None:
            running = self._by_kind[limits.kind] - (
                leaving is not None and self._canonical(leaving.kind) == limits.kind
            )
            if running >= limits.max_concurrent:
                return Refusal(_no_more(running, limits.max_concurrent))
        if limits.max_per_key is not None and lane.key:
            same = leaving is not None and (self._canonical(leaving.kind), leaving.lane.key) == (limits.kind, lane.key)
            running = self._by_key[limits.kind, lane.key] - same
            if running >= limits.max_per_key:
                return Refusal(_no_more(running, limits.max_per_key, f" for {lane.key}"))
        if limits.rate is not None:
            return self._rated(limits.kind, limits.rate)
        return None

    def _rated(self, kind: str, rate: tuple[int, int]) -> Refusal | None:
        count, per = rate
        if kind not in self._starts:
            self._starts[kind] = [at for (at,) in self._tx.run("read_starts", (kind,)) if at > self._now - per]
        starts = self._starts[kind]
        if len(starts) < count:
            return None
        again_at = starts[-count] + per
        self.again_at = again_at if self.again_at is None else min(self.again_at, again_at)
        return Refusal(f"{count} of its kind were started within {per / 1000:g} s, and no more may be")

    def _resources(self, lane: Lane, leaving: Taking | None) -> Refusal | None:
        names = {_name(resource) for resource in lane.resources}  # what two requests compete for
        ahead = sorted(names & self._in_line)
        if ahead:
            return Refusal(f"another job is first in line for {', '.join(ahead)}", ahead[0])
        held = [
            Held(taking.job, taking.kind, taking.lane.resources, taking.written)
            for taking in self._taken().values()
            if taking.lane.resources and taking is not leaving
        ]
        return self._supply.refusal(lane.resources, held)

    # --- telling ------------------------------------------------------------------------------------------------------

    def stands_in_line(self, refusal: Refusal) -> None:
        """The refused job was first for this resource: what comes behind it must not take it."""
        if refusal.resource:
            self._in_line.add(refusal.resource)

    def refusal_of_return(self, job: bytes, kind: str, lane_text: str) -> Refusal | None:
        """As `refusal`, for a job that runs already and gave its place back while it waited: a pause of its kind or a
        rate does not keep it out, nor do others that want their places back and are behind it."""
        limits = self._limits.get(kind)
        if not lane_text and (limits is None or limits.is_none):
            return None
        self._load()
        self._leave_those_behind(job)
        lane = parse_lane(lane_text)
        if limits is not None and (refusal := self._limited(limits._replace(rate=None), lane, None)) is not None:
            return refusal
        return self._resources(lane, None) if lane.resources else None

    def _leave_those_behind(self, job: bytes) -> None:
        """Two that want their places back would otherwise wait for each other: the older one goes first."""
        for other in [other for other in self._wanting if other >= job]:
            self.left(other)

    def took(self, job: bytes, kind: str, lane_text: str, *, again: bool = False, ahead: bool = False) -> None:
        """A job was claimed in this transaction. `again`: it takes its place back; `ahead`: only as if."""
        limits = self._limits.get(kind)
        if limits is not None and limits.rate is not None and not (again or ahead):
            self._tx.change("delete_starts", (limits.kind, self._now - limits.rate[1]))
            self._tx.change("insert_start", (limits.kind, self._now, job))
            self._starts.setdefault(limits.kind, []).append(self._now)
        if self._taking is not None:
            self._add(Taking(job, kind, parse_lane(lane_text), 0))

    def left(self, job: bytes) -> None:
        """As if a running job had left; for looking ahead."""
        taking = self._taken().pop(job, None)
        if taking is not None:
            kind = self._canonical(taking.kind)
            self._by_kind[kind] -= 1
            self._by_key[kind, taking.lane.key] -= 1

    def _canonical(self, kind: str) -> str:
        limits = self._limits.get(kind)
        return limits.kind if limits is not None else kind

    def _taken(self) -> dict[bytes, Taking]:
        self._load()
        assert self._taking is not None
        return self._taking

    def _load(self) -> None:
        if self._taking is None:
            self._taking = {}
            for job, kind, lane, yielding, _, _, written in self._tx.run("running_jobs"):
                if yielding == 2:
                    self._wanting.add(job)
                if yielding != 1:
                    self._add(Taking(job, kind, parse_lane(lane), written))
                elif any(is_space(resource) for resource in parse_lane(lane).resources):
                    self._keep_space(job, kind, parse_lane(lane), written)

    def _add(self, taking: Taking) -> None:
        assert self._taking is not None
        self._taking[taking.job] = taking
        kind = self._canonical(taking.kind)
        self._by_kind[kind] += 1
        self._by_key[kind, taking.lane.key] += 1

    def _keep_space(self, job: bytes, kind: str, lane: Lane, written: int) -> None:
        """A job that yields gives everything back but the space that it reserved."""
        assert self._taking is not None
        kept = Lane(resources=tuple(resource for resource in lane.resources if is_space(resource)))
        self._taking[job] = Taking(job, kind, kept, written)


def is_space(resource: str) -> bool:
    return resource.startswith("disk_space")


def _name(resource: str) -> str:
    """The name of a resource without its amount and place."""
    return resource.partition(":")[0].partition("@")[0]


def weight(priority: int, waits_since: int, now: int) -> int:
    """Priority with ageing: what waits long enough comes before newer work of up to HIGH. `waits_since`: later than it
    was created by the time that it ran, which is no waiting."""
    return raised(priority, max(0, now - waits_since) // AGE_STEP_MS)


def raised(priority: int, steps: int) -> int:
    """By so many steps of ageing."""
    return priority if priority >= AGE_CEILING else min(priority + steps, AGE_CEILING)


def _no_more(running: int, most: int, where: str = "") -> str:
    """`2 of its kind run already, and no more than 2 may at a time`."""
    if most == 1:
        return f"one of its kind runs already{where}, and only one may at a time"
    return f"{running} of its kind run already{where}, and no more than {most} may at a time"
