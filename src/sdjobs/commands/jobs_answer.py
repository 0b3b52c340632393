"""`sdjobs jobs questions` and `answer`."""

from __future__ import annotations

import asyncio
import json
from typing import Final

import click

from sdjobs.describe import Json
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Refusal
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.views.table import Cell, Column, print_table
from spacedrive_jobs import QuestionInfo, QuestionNotOpen

COLUMNS: Final = (Column("QUESTION"), Column("JOB"), Column("ANSWERS"), Column("WHAT IS ASKED"))


@click.command()
@shared_options()
@click.pass_context
def questions(context: click.Context) -> ExitCode:
    """List what jobs ask and nobody has answered."""
    return asyncio.run(_questions(settings_of(context)))


async def _questions(settings: Settings) -> ExitCode:
    async with open_library(settings) as library:
        page = await library.jobs.questions(limit=1_000)
    if settings.json:
        settings.out.document({"questions": [question_json(question) for question in page.rows]})
    elif not page.rows:
        settings.out.line("No job asks anything.")
    else:
        print_table(settings, COLUMNS, [_row(question) for question in page.rows])
    return ExitCode.DONE


def _row(question: QuestionInfo) -> tuple[Cell, ...]:
    choices = " | ".join(str(choice) for choice in question.choices) or "any text"
    return (Cell(question.id, "bold"), Cell(question.job.short), Cell(choices), Cell(question.question))


def question_json(question: QuestionInfo) -> Json:
    return {
        "id": question.id,
        "job": str(question.job),
        "text": question.question,
        "topic": question.topic,
        "choices": list(question.choices),
    }


@click.command()
@click.argument("question", metavar="QUESTION")
@click.argument("answer", metavar="ANSWER")
@click.option("--for-all", is_flag=True, help="Also for all like it of the same job, now and later.")
@shared_options()
@click.pass_context
def answer(context: click.Context, question: str, answer: str, for_all: bool) -> ExitCode:
    """Answer a job's question; `sdjobs jobs questions` lists them. A question's id may be cut short."""
    return asyncio.run(_answer(settings_of(context), question, answer, for_all))


async def _answer(settings: Settings, text: str, given: str, for_all: bool) -> ExitCode:
    async with open_library(settings) as library:
        page = await library.jobs.questions(limit=1_000)
        found = [question for question in page.rows if question.id.startswith(text.lower())]
        if len(found) != 1:
            raise Refusal(
                f"There is no open question {text}." if not found else f"Several questions begin with {text}.",
                advice=f"{settings.command('jobs', 'questions')} lists them.",
            )
        (question,) = found
        try:
            await library.jobs.answer(question.id, _value(question, given), for_all=for_all, by="command line")
        except QuestionNotOpen:
            raise Refusal("Somebody else has answered it meanwhile.", exit_code=ExitCode.FAILED) from None
        except ValueError as error:
            raise Refusal(f"{error}.", advice="The answers that it takes are listed beside the question.") from error
    if settings.json:
        settings.out.document({"answered": question_json(question), "answer": given})
    else:
        settings.out.line(f"{question.job.short} goes on.")
    return ExitCode.DONE


def _value(question: QuestionInfo, given: str) -> object:
    """One of the choices, by its text; where none is text, as JSON."""
    for choice in question.choices:
        if str(choice) == given:
            return choice
    if not question.choices:
        return given
    try:
        return json.loads(given)
    except ValueError:
        return given
