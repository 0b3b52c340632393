"""The options by which jobs depend on one another: what `@job` refuses of them, at import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from spacedrive_jobs._model.errors import DefinitionError
from spacedrive_jobs._model.options import Rate, Unique
from spacedrive_jobs._model.resources import Resource

if TYPE_CHECKING:
    from spacedrive_jobs._definition.define import Settings


def check_limits(settings: Settings) -> None:
    """Raise DefinitionError for a value that an option cannot have."""
    kind = settings.name
    for option in ("max_concurrent", "max_per_key"):
        value: object = getattr(settings, option)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise DefinitionError(f"{kind!r}: {option} is a whole number from 1, not {value!r}")
    if settings.ephemeral and (settings.depends_on or settings.requires_resources):
        option = "depends_on" if settings.depends_on else "requires_resources"
        raise DefinitionError(f"{kind!r}: {option} is looked up in the store, where an ephemeral job has no row")
    if (settings.max_per_key is None) != (settings.limit_key is None):
        raise DefinitionError(f"{kind!r}: max_per_key and limit_key belong together: how many at once, of what")
    rate = cast("object", settings.rate_limit)
    if rate is not None and not (isinstance(rate, Rate) and _is_rate(rate)):
        raise DefinitionError(
            f"{kind!r}: rate_limit is Rate(count, per=timedelta(...)) with both above zero, not {rate!r}"
        )
    if settings.on_failure not in ("run", "cancel"):
        raise DefinitionError(f'{kind!r}: on_failure is "run" or "cancel", not {settings.on_failure!r}')
    unique = cast("object", settings.unique)
    if unique is not None and not isinstance(unique, Unique):
        raise DefinitionError(f"{kind!r}: unique is a tuple of argument names or Unique(...), not {unique!r}")
    if isinstance(unique, Unique) and unique.policy not in ("return", "reject", "replace"):
        raise DefinitionError(
            f'{kind!r}: the policy of unique is "return", "reject" or "replace", not {unique.policy!r}'
        )


def _is_rate(rate: Rate) -> bool:
    count = cast("object", rate.count)
    per = cast("object", rate.per)
    return (
        isinstance(count, int)
        and not isinstance(count, bool)
        and count >= 1
        and isinstance(per, timedelta)
        and per > timedelta()
    )


def check_named(settings: Settings, names: tuple[str, ...]) -> None:
    """Raise DefinitionError for an option that names an argument which the kind does not have."""
    wanted: list[tuple[str, str]] = []
    if settings.unique is not None:
        wanted += [("unique", name) for name in settings.unique.fields]
    if settings.scope is not None:
        wanted.append(("scope", settings.scope))
    key = settings.limit_key
    if key is not None and not callable(key):
        wanted += [("limit_key", name) for name in ((key,) if isinstance(key, str) else key)]
    for option, name in wanted:
        if name not in names:
            known = ", ".join(names) or "none"
            raise DefinitionError(
                f"{settings.name!r}: {option} names {name!r}, which is no argument (there are: {known})"
            )


def depended_on(kind: str, depends_on: Any) -> tuple[object, ...]:
    """`depends_on` as a tuple of names, classes and functions. Raises DefinitionError for anything else."""
    alone = isinstance(depends_on, (str, type)) or not isinstance(depends_on, Sequence)
    given = cast("Sequence[object]", [depends_on] if alone else depends_on)
    for one in given:
        if not isinstance(one, str) and getattr(one, "__job_definition__", None) is None:
            raise DefinitionError(
                f"{kind!r}: depends_on takes kinds: a name, a job class or a job function, not {one!r}"
            )
    return tuple(given)


def resources_of(kind: str, resources: Any) -> tuple[Resource, ...]:
    """Raises DefinitionError for anything but a sequence of Resource values."""
    if isinstance(resources, (str, Resource)) or not isinstance(resources, Sequence):
        raise DefinitionError(f"{kind!r}: requires_resources is a list, for example [gpu(), disk_space(10 * GB)]")
    for one in cast("Sequence[object]", resources):
        if not isinstance(one, Resource):
            advice = f"write Resource.parse({one!r}) for a text" if isinstance(one, str) else "for example gpu()"
            raise DefinitionError(f"{kind!r}: requires_resources takes resources, {advice}, not {one!r}")
    return tuple(cast("Sequence[Resource]", resources))


def unique_of(unique: Any) -> Unique | Any:
    """A tuple of names stands for `Unique` of them."""
    return Unique(tuple(cast("tuple[str, ...]", unique))) if isinstance(unique, tuple) else unique
