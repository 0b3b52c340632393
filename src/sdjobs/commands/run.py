"""`sdjobs run NAME`: each kind is a command whose options come from the schema of its arguments."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import click

from sdjobs import foreground
from sdjobs.commands.options import detach_option, priority_option
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.foreground import Begun
from sdjobs.kind_options import FieldOption, arguments, field_options, parse_json
from sdjobs.kinds import find_kind, known_kinds
from sdjobs.settings import settings_of, shared_options
from spacedrive_jobs import JobSystem, KindInfo


class KindsGroup(click.Group):
    """Its commands are the kinds that are registered; `command_of` makes one."""

    _kinds: list[KindInfo] | None = None

    def command_of(self, kind: KindInfo) -> click.Command:
        return _command_of(kind)

    def _known(self) -> list[KindInfo]:
        if self._kinds is None:
            self._kinds = known_kinds()
        return self._kinds

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [kind.kind for kind in self._known()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        kind = find_kind(cmd_name, self._known())
        return kind and self.command_of(kind)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        settings = settings_of(ctx)
        for module in imports_in(args[1:]):
            settings.import_module(module)
        if find_kind(args[0], self._known()) is None and not ctx.resilient_parsing:
            raise _unknown(args[0], settings.command("types"))
        return super().resolve_command(ctx, args)


def imports_in(words: Sequence[str]) -> list[str]:
    """The modules of `run NAME --import MODULE`: they must be loaded before NAME can be known."""
    found: list[str] = []
    for place, word in enumerate(words):
        if word == "--":
            break
        if word == "--import" and place + 1 < len(words):
            found.append(words[place + 1])
        elif word.startswith("--import="):
            found.append(word.partition("=")[2])
    return found


def _unknown(name: str, listing: str) -> Refusal:
    return Refusal(
        f"There is no job of kind {name!r} here.",
        advice=f"{listing} lists the kinds; --import MODULE loads those of your own code.",
    )


@click.group(cls=KindsGroup, subcommand_metavar="NAME [OPTIONS]")
@shared_options()
def run() -> None:
    """Run a job by its kind's NAME.

    `sdjobs run NAME --help` lists its options; --args takes all of them as one JSON object. `sdjobs types` lists the
    kinds, and --import MODULE loads those of your own code.
    """


ARGS_OPTION: Final = click.option(
    "--args", "args_json", type=parse_json, metavar="JSON", help="The arguments as one JSON object; options add to it."
)


def _command_of(kind: KindInfo) -> click.Command:
    fields = field_options(kind.schema)

    @click.pass_context
    def callback(context: click.Context, /, **given: Any) -> ExitCode:
        return _run(context, kind, fields, **given)

    for decorate in (shared_options(), detach_option, priority_option, ARGS_OPTION):
        callback = decorate(callback)
    command = click.command(name=kind.kind, help=kind.description or f"Run a job of kind {kind.kind}.")(callback)
    add_fields(command, fields)
    return command


def add_fields(command: click.Command, fields: list[FieldOption]) -> None:
    """Put an option for each argument of a kind before the command's own."""
    own = frozenset(name for param in command.params for name in param.opts) | {"--help", "-h"}
    command.params[:0] = [field.option(own) for field in fields]


def _run(
    context: click.Context,
    kind: KindInfo,
    fields: list[FieldOption],
    *,
    args_json: object,
    priority: int | None,
    detach: bool,
    **given: object,
) -> ExitCode:
    settings = settings_of(context)
    values = values_of(context, kind, fields, args_json, given)
    work = Run(kind.kind, values, priority)
    if detach:
        return asyncio.run(foreground.detach(work, settings))
    # The process that runs this library's jobs need not know code that was loaded for this command alone.
    return asyncio.run(foreground.run(work, settings, hand_over=not settings.imported))


def values_of(
    context: click.Context, kind: KindInfo, fields: list[FieldOption], args_json: object, given: dict[str, object]
) -> dict[str, object]:
    """A job's arguments, of --args and of the options. Raises UsageError for what is missing."""
    if args_json is not None and not isinstance(args_json, dict):
        raise click.UsageError("--args takes one JSON object, such as '{\"to\": 100}'.", ctx=context)
    values = {**cast("dict[str, object]", args_json or {}), **arguments(fields, given)}
    for field in fields:
        if field.required and field.name not in values:
            option = field.name.replace("_", "-")
            raise click.UsageError(
                f"Missing option '--{option}' (argument {field.name!r} of {kind.kind}).", ctx=context
            )
    return values


@dataclass(frozen=True, slots=True)
class Run:
    """A new job of a kind; each call makes another."""

    kind: str
    values: dict[str, object]
    priority: int | None = None
    makes_library: bool = True

    async def begin(self, jobs: JobSystem) -> Begun:
        return Begun(await jobs.dispatch_named(self.kind, self.values, priority=self.priority), attached=False)
