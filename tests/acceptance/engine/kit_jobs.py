"""Jobs for the test kit's own tests: one of everything that a context does."""

from __future__ import annotations

from spacedrive_jobs import BlockingJobContext, Count, JobContext, RetryLater, job


@job(name="kit.count")
async def count(ctx: JobContext[int], total: int) -> int:
    done = await ctx.load_state(default=0)
    while done < total:
        done += 1
        ctx.item(f"{done}")
        ctx.progress(Count(done, total))
        await ctx.checkpoint(done)
    return done


@job(name="kit.everything")
async def everything(ctx: JobContext[int]) -> str:
    ctx.add_warning("careful")
    ctx.add_non_critical_error(OSError("a bit broken"))
    ctx.log("said")
    ctx.keep(b"key", b"value")
    ctx.item("a", "skipped", "there already")
    child = await ctx.spawn_child(count.new(2))
    await ctx.wait_for_children()
    total = await child.wait()
    once = await ctx.step("once", twice, 4)
    await ctx.sleep(3600, key="night")
    way = await ctx.ask("Which way?", key="way", choices=("left", "right"))
    await ctx.checkpoint(7)
    kept = await ctx.kept(b"key")
    return f"{total} {once} {way} {kept!r}"


def twice(number: int) -> int:
    return 2 * number


@job(name="kit.blocking")
def blocking(ctx: BlockingJobContext[int], total: int) -> int:
    done = ctx.load_state(default=0)
    while done < total:
        done += 1
        ctx.checkpoint(done)
    return done


@job(name="kit.patient", retries=2)
async def patient(ctx: JobContext) -> int:
    if ctx.attempt < 3:
        raise RetryLater(3600, "the drive is away")
    return ctx.attempt
