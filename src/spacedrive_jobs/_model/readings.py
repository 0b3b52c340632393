"""What a probe found: how much of each resource this machine has, and which conditions hold, each with words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, final

from spacedrive_jobs._model.resources import CONDITIONS, Resource

NOT_ANSWERING: Final = "not answering"
DECLARED: Final = "declared by the library"


@final
@dataclass(frozen=True, slots=True)
class Amount:
    """Of a counted resource. `total` is None where it is unknown, which admits nothing; `words` then say why.

    `available` is what of it nobody uses at this moment, None where that is not measured (only memory's is).
    """

    total: int | None
    words: str = ""
    available: int | None = None


@final
@dataclass(frozen=True, slots=True)
class Space:
    """Of a file system, in bytes. `device` is its `st_dev`, None where it is unknown, which admits nothing.

    `label` is its name for people; `words` say why it is unknown. `missing` is the volume that would have to be
    mounted first, None where none is missed.
    """

    device: int | None
    free: int = 0
    total: int = 0
    label: str = ""
    words: str = ""
    missing: Path | None = None


@final
@dataclass(frozen=True, slots=True)
class Condition:
    """`met` is None where it is unknown, which counts as not met. `words`: why, for people ("on battery, 62 %").

    `impossible`: it can never be met here, for the reason in `words`.
    """

    met: bool | None
    words: str = ""
    impossible: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One look at the machine. What was not asked for may be absent, and then is unknown."""

    amounts: Mapping[str, Amount] = field(default_factory=dict[str, Amount])
    spaces: Mapping[Path | None, Space] = field(default_factory=dict["Path | None", Space])
    conditions: Mapping[Resource, Condition] = field(default_factory=dict[Resource, Condition])

    def amount(self, name: str) -> Amount | None:
        """None where nothing of this name is known: neither discovered nor declared."""
        return self.amounts.get(name)

    def space(self, at: Path | None) -> Space:
        return self.spaces.get(at, Space(None, words="not asked"))

    def condition(self, asked: Resource) -> Condition:
        return self.conditions.get(asked, Condition(None, "not asked"))

    def declaring(self, declared: Mapping[str, int]) -> Readings:
        """These readings with what the library declares: it stands in for what was discovered under the same name."""
        amounts = {name: Amount(total, DECLARED) for name, total in declared.items()}
        for name, own in amounts.items():
            found = self.amounts.get(name)
            if found is not None and found.available is not None:
                amounts[name] = replace(own, available=found.available)
        return replace(self, amounts={**self.amounts, **amounts})


class Probe(Protocol):
    """Looks at the machine. `SystemProbe` is the real one, `testing.ManualProbe` the one that a test sets."""

    def read(self, asked: Collection[Resource]) -> Readings:
        """What `asked` needs to be judged, from any thread. Never raises.

        May take as long as the probe's own time limit (seconds), so it is called off the event loop and outside of a
        transaction. What does not answer within it comes back as unknown.
        """
        ...


def checked_declaration(declared: Mapping[str, int]) -> dict[str, int]:
    """`Library.open(resources=...)`, checked: names and how many of each there are, from 0. Raises ValueError."""
    for name, total in declared.items():
        if name in CONDITIONS or name == "disk_space":
            raise ValueError(f"{name} cannot be declared: it is looked up when it is needed")
        if name != "memory":
            Resource(name)  # refuses a name that no job could ask for
        if type(total) is not int or total < 0:
            raise ValueError(f"resource {name!r}: how many there are is a whole number from 0, not {total!r}")
    return dict(declared)
