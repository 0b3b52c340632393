"""The ready queue and the deadlines, against models that sort."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spacedrive_jobs._tasks.deadlines import Deadlines
from spacedrive_jobs._tasks.queue import ReadyQueue

Operation = tuple[str, int, int]

operations = st.lists(
    st.tuples(st.sampled_from(["push", "push", "pop", "remove"]), st.integers(-2, 2), st.integers(0, 20)), max_size=80
)


@given(operations)
def test_ready_queue(steps: list[Operation]) -> None:
    """Random pushes, removals from the middle, pushes of the same again, pops."""
    queue: ReadyQueue[tuple[int, int]] = ReadyQueue()
    model: dict[int, int] = {}
    for verb, priority, sequence in steps:
        if verb == "push" and sequence not in model:
            queue.push((priority, sequence), priority=priority, sequence=sequence)
            model[sequence] = priority
        elif verb == "remove":
            assert queue.remove(sequence) == (sequence in model)
            model.pop(sequence, None)
        elif verb == "pop" and model:
            first = min(model, key=lambda one: (-model[one], one))
            assert queue.first_priority() == model[first]
            assert queue.pop() == (model[first], first)
            del model[first]
        assert len(queue) == len(model)
    assert queue.first_priority() == max(model.values(), default=None)


def test_drain_is_in_order() -> None:
    queue: ReadyQueue[str] = ReadyQueue()
    for sequence, (name, priority) in enumerate([("c", 0), ("a", 2), ("d", 0), ("b", 1)]):
        queue.push(name, priority=priority, sequence=sequence)
    assert queue.drain() == ["a", "b", "c", "d"]
    assert len(queue) == 0


def test_what_was_removed_takes_no_room() -> None:
    queue: ReadyQueue[int] = ReadyQueue()
    for sequence in range(10_000):
        queue.push(sequence, priority=0, sequence=sequence)
    for sequence in range(9_990):
        queue.remove(sequence)
    assert len(queue._heap) < 100  # pyright: ignore[reportPrivateUsage]
    assert queue.pop() == 9_990


@given(st.lists(st.tuples(st.sampled_from(["set", "set", "clear", "take"]), st.integers(0, 9), st.integers(0, 50))))
def test_deadlines(steps: list[Operation]) -> None:
    items = [object() for _ in range(10)]
    deadlines: Deadlines[object] = Deadlines()
    model: dict[int, int] = {}
    for verb, number, moment in steps:
        if verb == "set":
            deadlines.set(items[number], moment)
            model[number] = moment
        elif verb == "clear":
            deadlines.clear(items[number])
            model.pop(number, None)
        else:
            due = {number for number, at in model.items() if at <= moment}
            assert {items.index(item) for item in deadlines.take_due(moment)} == due
            model = {number: at for number, at in model.items() if number not in due}
        assert deadlines.first() == min(model.values(), default=None)
