"""`sdjobs completion`."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.settings import settings_of, shared_options

SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_SDJOBS_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@shared_options()
@click.pass_context
def completion(context: click.Context, shell: str) -> ExitCode:
    """Print the script that teaches SHELL to complete sdjobs.

    \b
    bash: sdjobs completion bash > ~/.local/share/bash-completion/completions/sdjobs
    zsh:  sdjobs completion zsh > a file named _sdjobs in a folder of $fpath
    fish: sdjobs completion fish > ~/.config/fish/completions/sdjobs.fish
    """
    settings = settings_of(context)
    script = _script(context, shell)
    if settings.json:
        settings.out.document({"shell": shell, "script": script})
    else:
        settings.out.verbatim(script)
    return ExitCode.DONE


def _script(context: click.Context, shell: str) -> str:
    kind = get_completion_class(shell)
    if kind is None:  # pragma: no cover - click knows all three
        raise Refusal(f"There is no completion for {shell}.")
    try:
        return kind(context.find_root().command, {}, "sdjobs", VARIABLE).source()
    except (OSError, RuntimeError) as error:
        raise Refusal(f"The completion for {shell} cannot be made: {error}.", exit_code=ExitCode.FAILED) from error
