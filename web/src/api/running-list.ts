/**
 * The list of the jobs that run. They are few, and what they do is what people watch: a row changes where it stands, at
 * once, and the list has a pace of its own, which grows with the number of jobs that have begun since the last look.
 */

import type { QueryClient } from "@tanstack/react-query";
import { askAnew } from "./anew";
import { after } from "./meanwhile";
import { running } from "./queries";
import type { Job, JobList, Event as JobEvent, Progress } from "./schema";

/** Milliseconds. */
const EVERY = 50;
const FOR_EACH = 20;
const SLOWEST = 1_000;

const KEY = running.queryKey;

export class RunningList {
  private begun = 0;
  private pace = EVERY;
  private timer: number | undefined;
  private looked = Number.NEGATIVE_INFINITY;

  constructor(private readonly client: QueryClient) {}

  stop(): void {
    window.clearTimeout(this.timer);
  }

  changed(event: JobEvent): void {
    if (this.has(event.job)) this.each((job) => after(job, event));
    else if (event.status === "running") this.look();
  }

  moved(progress: ReadonlyMap<string, Progress>): void {
    this.each((job) => {
      const found = progress.get(job.id);
      return found ? { ...job, progress: found } : job;
    });
  }

  private has(job: string): boolean {
    return this.client.getQueryData<JobList>(KEY)?.jobs.some((one) => one.id === job) ?? false;
  }

  private each(change: (job: Job) => Job): void {
    this.client.setQueryData<JobList>(KEY, (list) => list && { jobs: list.jobs.map(change) });
  }

  private look(): void {
    this.begun += 1;
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.looked + this.pace - performance.now());
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      this.looked = performance.now();
      this.pace = Math.min(Math.max(EVERY, this.begun * FOR_EACH), SLOWEST);
      this.begun = 0;
      void askAnew(this.client, { queryKey: KEY });
    }, wait);
  }
}
