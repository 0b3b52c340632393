"""What a job remembers by key over its attempts: results of steps, ends of sleeps, questions and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.errors import QuestionNotOpen
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.transition import Claim
from spacedrive_jobs._store.checkpoints import require_claim
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Tx


class Asking(NamedTuple):
    """One question to be stored; `choices` encoded."""

    id: bytes
    key: str
    topic: str
    question: str
    choices: bytes


class QuestionRow(NamedTuple):
    id: bytes
    job: bytes
    key: str
    topic: str
    question: str
    choices: bytes
    asked_at: int
    answer: bytes | None
    answered_at: int | None
    answered_by: str


def read_step(connection: apsw.Connection, job: bytes, key: str) -> tuple[str, bytes] | None:
    """(verb, result) of a finished step or a sleep."""
    for verb, result in connection.execute(query("read_step"), (job, key)):
        return verb, bytes(result)
    return None


def store_step(tx: Tx, claim: Claim, key: str, verb: str, result: bytes) -> bytes:
    """Store a result; the one that counts, which is the first ever stored. Raises AttemptEnded."""
    require_claim(tx, claim)
    for _, known in tx.run("read_step", (claim.job.bytes, key)):
        return bytes(known)
    tx.change("insert_step", (claim.job.bytes, key, verb, result))
    failpoint.hit("steps.stored")
    return result


def ask(tx: Tx, claim: Claim, questions: Sequence[Asking], now: int) -> list[tuple[bytes, bytes | None]]:
    """Store the questions that are new; (id, answer) of each. A standing answer of its topic answers one at once."""
    require_claim(tx, claim)
    job = claim.job.bytes
    found: list[tuple[bytes, bytes | None]] = []
    asked = 0
    for one in questions:
        rows = tx.run("read_question", (job, one.key))
        if not rows:
            tx.change("insert_question", (one.id, job, one.key, one.topic, one.question, one.choices, now))
            for (answer,) in tx.run("read_standing", (job, one.topic)):
                tx.change("answer_question", {"answer": answer, "at": now, "by": "", "id": one.id})
            rows = tx.run("read_question", (job, one.key))
            asked += 1
        ((id_, answer),) = rows
        found.append((bytes(id_), bytes(answer) if answer is not None else None))
    if asked:
        what = f": {questions[0].question}" if len(questions) == 1 else f" {len(questions)} questions"
        tx.change("insert_event", (now, f"asks{what}", job))
        tx.announces = True
    failpoint.hit("steps.asked")
    return found


def answers(connection: apsw.Connection, job: bytes, keys: Sequence[str]) -> list[bytes | None]:
    """The answers given so far, in the order of `keys`."""
    found: list[bytes | None] = []
    for key in keys:
        rows = connection.execute(query("read_question"), (job, key)).fetchall()
        answer: Any = rows[0][1] if rows else None
        found.append(bytes(answer) if answer is not None else None)
    return found


def answer(tx: Tx, question: bytes, given: bytes, by: str, now: int, *, for_all: bool) -> list[JobId]:
    """Answer an open question; `for_all`: the open ones of its topic too, and those that its job will ask yet.

    Raises QuestionNotOpen. The jobs that may go on.
    """
    rows = tx.run("open_question", (question,))
    if not rows:
        raise QuestionNotOpen(question.hex())
    ((_, job, topic, _),) = rows
    ids = [question]
    if for_all:
        tx.change("insert_standing", (job, topic, given))
        ids = [id_ for (id_,) in tx.run("open_of_topic", (job, topic))]
    for id_ in ids:
        tx.change("answer_question", {"answer": given, "at": now, "by": by, "id": id_})
        tx.change("delete_wait_on", (id_,))
    tx.change("insert_event", (now, "answered", job))
    tx.announces = tx.reaches = True
    failpoint.hit("steps.answered")
    return [JobId.from_bytes(job)]


def list_questions(
    connection: apsw.Connection, job: bytes | None, *, open_only: bool, limit: int, after: bytes
) -> list[QuestionRow]:
    parameters = {"job": job, "open": open_only, "after": after, "limit": limit}
    return [QuestionRow(*row) for row in connection.execute(query("questions"), parameters)]


def read_open(connection: apsw.Connection, question: bytes) -> tuple[bytes, bytes] | None:
    """(job, choices) of an open question."""
    for _, job, _, choices in connection.execute(query("open_question"), (question,)):
        return bytes(job), bytes(choices)
    return None
