/** What the stream tells while an answer is on its way. The answer may be older than that, and must not undo it. */

import type { Job, Event as JobEvent, Progress } from "./schema";

class Meanwhile {
  readonly events = new Map<string, JobEvent>();
  readonly progress = new Map<string, Progress>();
}

const awaited = new Set<Meanwhile>();

export function toldEvent(event: JobEvent): void {
  for (const one of awaited) one.events.set(event.job, event);
}

export function toldProgress(job: string, progress: Progress): void {
  for (const one of awaited) one.progress.set(job, progress);
}

/** Call `ask`, and put into its jobs what was told since. */
export async function upToDate<List extends { readonly jobs: readonly Job[] }>(ask: () => Promise<List>): Promise<List> {
  const meanwhile = new Meanwhile();
  awaited.add(meanwhile);
  try {
    const list = await ask();
    return { ...list, jobs: list.jobs.map((job) => withProgress(after(job, meanwhile.events.get(job.id)), meanwhile)) };
  } finally {
    awaited.delete(meanwhile);
  }
}

/** As a list shows the job after what an event says of it. */
export function after<Known extends Job>(job: Known, event: JobEvent | undefined): Known {
  if (job.id !== event?.job) return job;
  const { status, request, attempt, reason, state, sentence } = event;
  return { ...job, status, request, attempt, reason, state, why: reason, sentence };
}

function withProgress(job: Job, { progress }: Meanwhile): Job {
  const moved = progress.get(job.id);
  return moved ? { ...job, progress: moved } : job;
}
