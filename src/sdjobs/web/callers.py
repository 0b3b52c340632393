"""Who makes a request, and what is written down of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request

from sdjobs.web.tokens import Role, Session

KEY: Final = "sdjobs.caller"
"""Where the gate leaves the caller in a request's scope."""


@dataclass(slots=True)
class Caller:
    """`facts`: what the audit line of this request says beside its path."""

    role: Role
    who: str
    session: Session | None = None
    facts: dict[str, object] = field(default_factory=dict[str, object])

    def note(self, **facts: object) -> None:
        """Say more about what was done."""
        self.facts.update(facts)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    scope: Any = request.scope
    caller = scope[KEY]
    assert isinstance(caller, Caller)
    return caller
