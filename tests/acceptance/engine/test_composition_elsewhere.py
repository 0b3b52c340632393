"""The verbs of composition in threads and in processes of their own."""

from __future__ import annotations

from pathlib import Path

from spacedrive_jobs import JobStatus, Library
from tests.acceptance.engine.composition_jobs import blocking_parent, isolated_parent, thread_parent
from tests.waiting import aeventually


async def test_an_isolated_parent_has_all_verbs(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        handle = await library.jobs.dispatch(isolated_parent.new(mark))

        async def asked() -> bool:
            return bool((await library.jobs.questions(handle.id)).rows)

        await aeventually(asked)
        (question,) = (await library.jobs.questions(handle.id)).rows
        await library.jobs.answer(question.id, "yes")
        assert await handle.wait(timeout=15) == "said 3 yes"
        assert sorted(mark.read_text().split()) == ["0", "1", "2"]


async def test_a_blocking_isolated_parent_and_one_in_a_thread_on_one_slot(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        assert await (await library.jobs.dispatch(blocking_parent.new(mark))).wait(timeout=15) == 4
        assert await (await library.jobs.dispatch(thread_parent.new(mark))).wait(timeout=15) == 11
        assert (await library.jobs.counts())[JobStatus.COMPLETED] == 7


async def test_an_isolated_parent_is_interrupted_while_it_waits(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        handle = await library.jobs.dispatch(isolated_parent.new(tmp_path / "mark"))

        async def asked() -> bool:
            return bool((await library.jobs.questions(handle.id)).rows)

        await aeventually(asked)
        await handle.pause()
        await handle.paused()
        (question,) = (await library.jobs.questions(handle.id)).rows
        await library.jobs.answer(question.id, "no")
        await handle.resume()
        assert await handle.wait(timeout=15) == "said 3 no"
        assert len((tmp_path / "mark").read_text().split()) == 3
