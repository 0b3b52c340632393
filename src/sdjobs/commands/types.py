"""`sdjobs types`."""

from __future__ import annotations

import click

from sdjobs.exit_codes import ExitCode
from sdjobs.kinds import kind_json, known_kinds
from sdjobs.settings import settings_of, shared_options
from sdjobs.views.table import Cell, Column, print_table


@click.command()
@shared_options()
@click.pass_context
def types(context: click.Context) -> ExitCode:
    """List the kinds of jobs that `run` knows."""
    settings = settings_of(context)
    kinds = known_kinds()
    if settings.json:
        settings.out.document({"types": [kind_json(kind) for kind in kinds]})
        return ExitCode.DONE
    columns = (Column("KIND"), Column("VERSION", right=True), Column("DESCRIPTION"))
    rows = [
        (Cell(kind.kind, "bold"), Cell(str(kind.version)), Cell(kind.description.partition("\n")[0])) for kind in kinds
    ]
    print_table(settings, columns, rows)
    settings.out.line()
    settings.out.line("sdjobs run KIND --help lists a kind's options.")
    return ExitCode.DONE
