"""From the arguments and the state of an older version to those of the present one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from spacedrive_jobs._model.errors import DefinitionError

ArgumentsUpgrade: TypeAlias = Callable[[dict[str, Any]], Mapping[str, Any]]
"""From version n's arguments to version n + 1's. Plain values: a path is bytes, a dataclass a dict, an enum its value;
what it returns may hold paths, enums and dataclasses too."""

StateUpgrade: TypeAlias = Callable[[Any], object]
"""The same for the state, which need not be a dict."""


class UpgradeMissing(Exception):
    """There is no way from a stored version to the present one."""


class Upgrades(msgspec.Struct, frozen=True):
    """Steps by the version they start from. A step that is known for one of the two leaves the other as it is."""

    argument_steps: Mapping[int, ArgumentsUpgrade]
    state_steps: Mapping[int, StateUpgrade]

    def check(self, kind: str, version: int) -> None:
        """Raise DefinitionError for a step that is none, or a gap between steps."""
        steps = self.argument_steps.keys() | self.state_steps.keys()
        for step in steps:
            if not 1 <= step < version:
                raise DefinitionError(f"{kind!r} is at version {version}: it has no upgrade from version {step}")
        if steps and steps != set(range(min(steps), version)):
            missing = min(set(range(min(steps), version)) - steps)
            raise DefinitionError(f"{kind!r} has no upgrade from version {missing} to {missing + 1}")

    def oldest(self, version: int) -> int:
        """The oldest version from which steps lead to `version`."""
        return min(self.argument_steps.keys() | self.state_steps.keys(), default=version)

    def arguments(self, value: dict[str, Any], stored: int, version: int) -> Mapping[str, Any]:
        self._check_reach(stored, version)
        upgraded: Mapping[str, Any] = value
        for step in range(stored, version):
            if step in self.argument_steps:
                upgraded = self.argument_steps[step](dict(upgraded))
        return upgraded

    def state(self, value: Any, stored: int, version: int) -> object:
        self._check_reach(stored, version)
        for step in range(stored, version):
            if step in self.state_steps:
                value = self.state_steps[step](value)
        return value

    def _check_reach(self, stored: int, version: int) -> None:
        if stored > version:
            raise UpgradeMissing(f"it is newer than version {version}, the newest known here")
        if stored < self.oldest(version):
            raise UpgradeMissing(f"there is no upgrade from it to version {version}")
