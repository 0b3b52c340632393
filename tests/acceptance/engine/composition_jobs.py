"""Jobs that run in processes of their own, so at the top level of a module that can be imported."""

from __future__ import annotations

from pathlib import Path

from spacedrive_jobs import BlockingJobContext, JobContext, job


@job(name="composition.isolated", isolation="process", retries=1)
async def isolated_parent(ctx: JobContext[int], mark: Path) -> str:
    children = [await ctx.spawn_child(leaf_in_a_thread.new(number, mark), key=f"{number}") for number in range(3)]
    total = sum([await child.wait() for child in children])
    await ctx.sleep(0.01, key="nap")
    answer = await ctx.ask("Go on?", key="q", choices=["yes", "no"])
    text = await ctx.step("step", say, f"{total} {answer}")
    await ctx.wait_for_children()
    return text


async def say(text: str) -> str:
    return f"said {text}"


@job(name="composition.thread")
def leaf_in_a_thread(ctx: BlockingJobContext, number: int, mark: Path) -> int:
    with mark.open("a") as file:
        file.write(f"{number}\n")
    return number


@job(name="composition.blocking_isolated", isolation="process")
def blocking_parent(ctx: BlockingJobContext, mark: Path) -> int:
    children = [ctx.spawn_child(leaf_in_a_thread.new(number, mark)) for number in (1, 1, 2)]
    outcomes = ctx.wait_for_children(on_failure="settle")
    assert len(outcomes) == 3
    return sum(child.wait(timeout=10) for child in children)


@job(name="composition.blocking")
def thread_parent(ctx: BlockingJobContext, mark: Path) -> int:
    first = ctx.library.jobs.dispatch(leaf_in_a_thread.new(5, mark)).wait(timeout=10)
    child = ctx.spawn_child(leaf_in_a_thread.new(6, mark))
    return first + child.wait()
