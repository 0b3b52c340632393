"""From a job with its arguments to a stored, queued record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from spacedrive_jobs._definition.codec import encode, path_bytes
from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._definition.registry import Registry
from spacedrive_jobs._model.action import Action
from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.errors import ArgumentError, JobError, ResourceNeverThere
from spacedrive_jobs._model.ids import JobId, JobIdSource
from spacedrive_jobs._model.lane import Lane, lane_text, parse_lane
from spacedrive_jobs._model.options import Unique
from spacedrive_jobs._model.status import check_priority
from spacedrive_jobs._model.transition import ClaimedJob, KindWait, NewJob, OnFailure, UniqueKey, Wait
from spacedrive_jobs._runtime.supply import ProbedSupply
from spacedrive_jobs._runtime.transaction import Work
from spacedrive_jobs._store import reads, waits
from spacedrive_jobs._store.rows import JobRow
from spacedrive_jobs._store.store import Store
from spacedrive_jobs._store.tx import Tx

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.tracing import OpenTelemetry

ACTION_LIMIT: Final = 16 << 10
COVER_TRIES: Final = 5

Relayed: TypeAlias = Callable[[Mapping[bytes, bytes]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a dispatch says of its jobs beside their arguments."""

    priority: int | None = None
    after: tuple[JobId, ...] = ()
    on_failure: OnFailure = "cancel"
    unique: Unique | None = None
    action: Action | None = None
    timeout: float | None = None


DEFAULT: Final = Terms()


class _Cover(NamedTuple):
    """A running or waiting job that covers a new one, and the end of the queue when it was found."""

    job: JobId | None
    position: int


class Dispatcher:
    """Validates before it stores: what is refused has left no trace."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        clock: Clock,
        supply: ProbedSupply,
        stored: Callable[[list[JobId], bool], None],
        telemetry: OpenTelemetry | None = None,
    ) -> None:
        self._store, self._registry, self._clock, self._stored = store, registry, clock, stored
        self._supply, self._telemetry = supply, telemetry
        self._ids = JobIdSource()

    async def dispatch(self, jobs: Iterable[object], terms: Terms = DEFAULT) -> list[JobId]:
        """Store the jobs durably, all or none; the id of each, or of the live job that stands for it.

        Raises ArgumentError, PayloadTooLarge, NotUnique, JobNotFound, NoSpace, StoreBusy.
        """
        given = list(jobs)
        with self._dispatching(given) as trace:
            return await self._dispatch(given, terms, trace)

    @contextmanager
    def _dispatching(self, jobs: list[object]) -> Generator[bytes | None]:
        """The span of a dispatch, where somebody wants spans; gives what is stored of it."""
        if self._telemetry is None:
            yield None
        else:
            with self._telemetry.dispatching([self._registry.definition_of(job).kind for job in jobs]) as trace:
                yield trace

    async def _dispatch(self, given: list[object], terms: Terms, trace: bytes | None) -> list[JobId]:
        now = self._clock.now_ms()
        rows = [self.new_job(job, terms, now, trace) for job in given]
        await self.refuse_impossible(rows)
        if len(given) == 1 and (covers := self._covers(given[0])) is not None:
            return [await self._dispatch_or_attach(given[0], rows[0], covers, terms.timeout)]
        return await self._enqueue(rows, terms.timeout)

    async def dispatch_in(self, work: Work, jobs: Iterable[object], terms: Terms, relayed: Relayed) -> list[JobId]:
        """As `dispatch`, with the rows of an open transaction; `relayed` is called when it has committed.

        What a dispatch refuses is refused now; a twin that appears meanwhile stands for the new job.
        """
        given = list(jobs)
        with self._dispatching(given) as trace:
            return await self._dispatch_in(work, given, terms, relayed, trace)

    async def _dispatch_in(
        self, work: Work, given: list[object], terms: Terms, relayed: Relayed, trace: bytes | None
    ) -> list[JobId]:
        now = self._clock.now_ms()
        rows = [self.new_job(job, terms, now, trace) for job in given]
        await self.refuse_impossible(rows)
        if len(given) == 1 and (covers := self._covers(given[0])) is not None:
            cover = await self._find_cover(self._registry.definition_of(given[0]), given[0], covers)
            if cover.job is not None:
                return [cover.job]
        queued = frozenset(one.job.id for one in work.outgoing)
        await self._store.read(lambda connection: waits.check(Tx(connection), rows, queued))
        work.enqueue(rows, relayed)
        return [JobId.from_bytes(row.id) for row in rows]

    async def refuse_impossible(self, rows: Sequence[NewJob]) -> None:
        """Raise ResourceNeverThere for a job that this machine could never run."""
        for lane in {row.lane for row in rows if row.lane}:
            resources = parse_lane(lane).resources
            words = await self._supply.never(resources) if resources else None
            if words is not None:
                kind = next(row.kind for row in rows if row.lane == lane)
                raise ResourceNeverThere(kind, words)

    async def _enqueue(self, rows: list[NewJob], timeout: float | None) -> list[JobId]:
        stored = await self._store.enqueue(rows, patience=timeout) if rows else []
        ids = [JobId.from_bytes(id_) for id_ in stored]
        self._stored(ids, any(row.deadline_at is not None for row in rows))
        return ids

    def named(self, kind: str, arguments: Mapping[str, object]) -> object:
        """A job from its kind's name and JSON values. Raises UnknownKind, ArgumentError."""
        self._registry.discover()
        return self._registry.require(kind).arguments_from_json(arguments)

    def new_id(self) -> bytes:
        return self._ids.next_bytes(self._clock.now_ms())

    def encoded(self, job: object) -> tuple[JobDefinition, bytes]:
        definition = self._registry.definition_of(job)
        return definition, definition.encode_arguments(job)

    # --- one row ------------------------------------------------------------------------------------------------------

    def new_job(self, job: Any, terms: Terms, now: int, trace: bytes | None = None) -> NewJob:
        """The row of a validated job."""
        definition, arguments = self.encoded(job)
        return self._row(definition, job, arguments, terms, now, trace)

    def plain(self, job: Any, priority: int | None, now: int) -> NewJob:
        """The row of a job that a schedule will dispatch again and again: its own dependencies do not count then."""
        return self.new_job(job, Terms(priority=priority), now)

    def child(self, parent: ClaimedJob, kind: str, version: int, arguments: bytes) -> NewJob:
        """The row of a child: its parent's priority where that is higher, its parent's action."""
        definition = self._registry.require(kind)
        job = definition.decode_arguments(arguments, version)
        now = self._clock.now_ms()
        priority = max(definition.options.priority, parent.priority)
        row = self._row(definition, job, definition.encode_arguments(job), Terms(priority=priority), now)
        return row._replace(parent=parent.claim.job.bytes, action=parent.action)

    def _row(
        self, definition: JobDefinition, job: Any, arguments: bytes, terms: Terms, now: int, trace: bytes | None = None
    ) -> NewJob:
        options = definition.options
        unique = terms.unique or options.unique
        return NewJob(
            id=self._ids.next_bytes(now),
            kind=definition.kind,
            version=definition.version,
            arguments=arguments,
            resumable=options.resumable,
            priority=options.priority if terms.priority is None else _priority(definition, terms.priority),
            created_at=now,
            deadline_at=now + round(options.deadline.total_seconds() * 1000) if options.deadline is not None else None,
            lane=_lane(definition, job),
            tidies=definition.tidies,
            scope=_scope(definition, job),
            unique=_unique_key(definition, job, unique) if unique is not None else None,
            after=tuple(Wait(id_.bytes, terms.on_failure) for id_ in terms.after),
            after_kinds=tuple(
                KindWait(names, options.on_failure) for names in self._registry.names_of(options.depends_on)
            ),
            action=_action(terms.action) if terms.action is not None else None,
            trace=trace,
        )

    # --- coverage -----------------------------------------------------------------------------------------------------

    def _covers(self, job: object) -> Callable[[Any, Any], bool] | None:
        definition = self._registry.definition_of(job)
        covers: Callable[[Any, Any], bool] | None = getattr(type(job), "covers", None)
        return covers if definition.style == "class" else None

    async def _dispatch_or_attach(
        self, job: object, row: NewJob, covers: Callable[[Any, Any], bool], timeout: float | None
    ) -> JobId:
        """The unfinished job that covers this one, or this one, stored. `covers` is the author's code, so it runs here;
        what was looked at must still be all there is when the row is stored, or it is looked at again."""
        definition = self._registry.definition_of(job)
        for _ in range(COVER_TRIES):
            cover = await self._find_cover(definition, job, covers)
            if cover.job is not None:
                return cover.job
            stored = await self._store.enqueue_if_unchanged(row, cover.position, patience=timeout)
            if stored is not None:
                ids = [JobId.from_bytes(stored)]
                self._stored(ids, row.deadline_at is not None)
                return ids[0]
        return (await self._enqueue([row], timeout))[0]

    async def _find_cover(self, definition: JobDefinition, job: object, covers: Callable[[Any, Any], bool]) -> _Cover:
        names = (definition.kind, *definition.aliases)
        position, rows = await self._store.read(lambda connection: reads.unfinished_of(connection, names))
        for row in rows:
            known = _decoded(definition, row)
            if known is not None and covers(known, job):
                return _Cover(row.id, position)
        return _Cover(None, position)


def _decoded(definition: JobDefinition, row: JobRow) -> object | None:
    if row.request is not None or not definition.understands(row.version):
        return None
    try:
        return definition.decode_arguments(row.arguments, row.version)
    except JobError:
        return None


def _priority(definition: JobDefinition, priority: int) -> int:
    try:
        return check_priority(priority)
    except ValueError as error:
        raise ArgumentError(definition.kind, str(error)) from error


def _lane(definition: JobDefinition, job: Any) -> str:
    key, resources = definition.options.limit_key, definition.options.requires_resources
    if key is None and not resources:
        return ""
    return lane_text(Lane(key=_key(definition, job)[:500], resources=tuple(str(one) for one in resources)))


def _key(definition: JobDefinition, job: Any) -> str:
    key = definition.options.limit_key
    if key is None:
        return ""
    if callable(key):
        return str(key(job))
    names = (key,) if isinstance(key, str) else key
    return " ".join(_as_text(definition.target.argument(job, name)) for name in names)


def _as_text(value: object) -> str:
    return ascii(value) if isinstance(value, bytes) else str(value).encode("utf-8", "backslashreplace").decode()


def _scope(definition: JobDefinition, job: Any) -> bytes | None:
    if definition.options.scope is None:
        return None
    value: Any = definition.target.argument(job, definition.options.scope)
    return path_bytes(value)


def _unique_key(definition: JobDefinition, job: Any, unique: Unique) -> UniqueKey:
    """The same for equal values of the named arguments, whatever object they are."""
    for name in unique.fields:
        if name not in definition.argument_names:
            raise ArgumentError(definition.kind, "`unique` names it, but the kind has no such argument", field=name)
    values = [definition.target.argument(job, name) for name in unique.fields]
    digest = hashlib.blake2b(encode([definition.kind, *unique.fields, values]), digest_size=16)
    return UniqueKey(digest.digest(), unique.policy)


def _action(action: Action) -> bytes:
    data = encode(action)
    if len(data) > ACTION_LIMIT:
        raise ValueError(f"the action of a dispatch is {len(data):,} bytes; the limit is {ACTION_LIMIT:,}")
    return data


def terms_of(
    *,
    priority: int | None = None,
    after: Iterable[Any] = (),
    on_failure: OnFailure = "cancel",
    unique: tuple[str, ...] | Unique | None = None,
    action: Action | None = None,
    timeout: float | None = None,
) -> Terms:
    """From the parameters of `dispatch`. Raises ValueError for a policy that is none."""
    if on_failure not in ("cancel", "run"):
        raise ValueError(f'on_failure={on_failure!r}: say "cancel" or "run"')
    return Terms(
        priority=priority,
        after=tuple(handle.id for handle in after),
        on_failure=on_failure,
        unique=Unique(tuple(unique)) if isinstance(unique, Sequence) else unique,
        action=action,
        timeout=timeout,
    )
