"""The registry: from the name of a kind to its definition."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._definition.instance import BoundJob
from spacedrive_jobs._model.errors import DefinitionError, UnknownKind
from spacedrive_jobs._model.lane import Limits

ENTRY_POINT_GROUP: Final = "spacedrive_jobs.jobs"


class Claimable(NamedTuple):
    """By stored name, aliases too: the oldest and the newest version that can be run, and its limits if any."""

    versions: Mapping[str, tuple[int, int]]
    limits: Mapping[str, Limits]


class Registry:
    """Kinds by name. `registry` is the process-wide one, filled by `@job`."""

    def __init__(self) -> None:
        self._definitions: dict[str, JobDefinition] = {}
        self._names: dict[str, JobDefinition] = {}
        self._lock = threading.Lock()
        self._claimable: Claimable | None = None
        self._discovered = False
        self._discovering = threading.RLock()  # its own: an import takes locks of its own, and registers

    def register(self, definition: JobDefinition) -> None:
        """Add a kind. The same job imported again replaces itself; another of the same name raises DefinitionError."""
        with self._lock:
            names = (definition.kind, *definition.aliases)
            displaced = [self._names[name] for name in names if name in self._names]
            for other in displaced:
                if not _same_job(definition, other):
                    raise DefinitionError(_clash(definition, other))
            for other in displaced:
                self._forget(other)
            self._claimable = None
            self._definitions[definition.kind] = definition
            self._names.update(dict.fromkeys(names, definition))

    def _forget(self, definition: JobDefinition) -> None:
        self._definitions.pop(definition.kind, None)
        for name in [name for name, known in self._names.items() if known is definition]:
            del self._names[name]

    def get(self, kind: str) -> JobDefinition | None:
        """The definition of a kind, by its present or a former name."""
        return self._names.get(kind)

    def require(self, kind: str) -> JobDefinition:
        """As `get`. Raises UnknownKind, which lists the known ones."""
        definition = self._names.get(kind)
        if definition is None:
            raise UnknownKind(kind, tuple(sorted(self._definitions)))
        return definition

    def all(self) -> tuple[JobDefinition, ...]:
        """Every kind once, by name."""
        with self._lock:
            return tuple(self._definitions[kind] for kind in sorted(self._definitions))

    def claimable(self) -> Claimable:
        """What this process can run, as a claim asks for it; built anew only when a kind was added."""
        with self._lock:
            if self._claimable is None:
                named = [
                    (name, definition)
                    for definition in self._definitions.values()
                    for name in (definition.kind, *definition.aliases)
                ]
                self._claimable = Claimable(
                    {name: (definition.oldest_version, definition.version) for name, definition in named},
                    {name: definition.limits for name, definition in named if not definition.limits.is_none},
                )
            return self._claimable

    def names_of(self, kinds: Iterable[object]) -> Iterator[tuple[str, ...]]:
        """All stored names of each kind, given as name, class or job function; an unknown name stands for itself."""
        for kind in kinds:
            known = self._names.get(kind) if isinstance(kind, str) else self.definition_of_kind(kind)
            if known is not None:
                yield known.kind, *known.aliases
            elif isinstance(kind, str):
                yield (kind,)

    def definition_of(self, job: object) -> JobDefinition:
        """The definition of a job. Raises TypeError for what is none."""
        if type(job) is BoundJob:
            return job.definition
        definition: JobDefinition | None = getattr(job, "__job_definition__", None)
        if definition is None or not definition.target.owns(job):
            raise TypeError(_no_job(job))
        return definition

    def definition_of_kind(self, kind: Any) -> JobDefinition:
        """The definition of a job class or job function itself. Raises TypeError for what is neither."""
        definition = getattr(kind, "__dict__", {}).get("__job_definition__")  # its own, not of its class or base
        if not isinstance(definition, JobDefinition):
            raise TypeError(f"{kind!r} names no kind: pass a class or a function under @job")
        return definition

    def discover(self) -> None:
        """Import what installed packages offer; once. One that cannot be imported is a warning, never an error."""
        with self._discovering:
            if self._discovered:
                return
            self._discovered = True
            from importlib.metadata import entry_points  # slower to import than all of this package

            for entry_point in entry_points(group=ENTRY_POINT_GROUP):
                try:
                    entry_point.load()
                except (Exception, SystemExit) as error:
                    package = entry_point.dist.name if entry_point.dist else entry_point.name
                    warnings.warn(
                        f"{package} offers jobs in {entry_point.value!r}, which cannot be imported: "
                        f"{type(error).__name__}: {error}",
                        RuntimeWarning,
                        stacklevel=2,
                    )


registry: Final = Registry()


def _same_job(new: JobDefinition, old: JobDefinition) -> bool:
    """Whether both are one piece of code: a module reloaded, or imported under a second name such as `__main__`."""
    return new.source == old.source or (new.place == old.place and not new.place.startswith("<"))


def _clash(new: JobDefinition, old: JobDefinition) -> str:
    name = next(name for name in (new.kind, *new.aliases) if name in (old.kind, *old.aliases))
    return f"two jobs are named {name!r}: {old.source} ({old.place}) and {new.source} ({new.place})"


def _no_job(value: Any) -> str:
    name = getattr(value, "__qualname__", type(value).__qualname__)
    if isinstance(value, type):
        advice = f"pass one with its arguments: {name}(...)"
    elif hasattr(value, "new"):
        advice = f"pass it with its arguments: {getattr(value, '__name__', name)}.new(...)"
    elif hasattr(value, "run"):
        advice = "its class lacks @job(name=...)"
    else:
        advice = "a job is an instance of a class under @job, or what a job function's .new(...) gives"
    return f"{value!r} is no job: {advice}"
