/** What the stream tells, brought into what the page has: progress at once, lists by looking at them anew. */

import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { LONG } from "./actions";
import type { Job, JobDetails, JobList, JobPage, Moved, Event as JobEvent } from "./schema";
import { speeds } from "./speeds";
import { type Connection, EventStream, type Listener, type Messages } from "./stream";

/** Milliseconds between two looks at the lists; while things go on happening, more and more, so that a storm of short jobs
 * is not slowed down by being watched. */
const EVERY = 700;
const SLOWEST = 4_000;
const SOON = 20;

/** Long or unchanging, and not spoken of by events: they have their own time. */
const APART: ReadonlySet<unknown> = new Set(["ended", "kinds"]);

/** Which of what the page has a hint is about. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  questions: ["questions", "overview"],
  schedules: ["schedules"],
  queue: ["overview", "jobs"],
  order: ["jobs", "line"],
  runners: ["overview"],
};

const TERMINAL: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

export interface Watcher {
  connection(state: Connection): void;
  ended(events: readonly JobEvent[]): void;
}

export class Live implements Listener {
  private readonly stream = new EventStream(this);
  private readonly stale = new Set<string>();
  private ended: JobEvent[] = [];
  private timer: number | undefined;
  private looked = Number.NEGATIVE_INFINITY;
  private pace = EVERY;

  constructor(
    private readonly client: QueryClient,
    private readonly watcher: Watcher,
  ) {}

  start(): () => void {
    const stop = this.stream.start();
    return () => {
      window.clearTimeout(this.timer);
      stop();
    };
  }

  again(): void {
    this.stream.again();
  }

  connection(state: Connection): void {
    this.watcher.connection(state);
  }

  message<Name extends keyof Messages>(name: Name, data: Messages[Name]): void {
    const told = { [name]: data } as Partial<Messages>;
    if (told.progress) this.moved(told.progress.jobs);
    if (told.job) this.changed(told.job);
    if (told.changed) for (const what of told.changed.what) this.lookAt(ABOUT[what] ?? []);
    if (told.resync) this.everything();
    if (told.hello && !told.hello.resumed) this.everything();
    // The lists may be older than the connection: what is not numbered (questions, schedules) may have changed meanwhile.
    if (told.hello?.resumed) this.lookAt(["overview", "questions", "schedules", "jobs"]);
  }

  private everything(): void {
    void this.client.invalidateQueries({ predicate: ({ queryKey }) => !APART.has(queryKey[0]) });
  }

  private moved(jobs: readonly Moved[]): void {
    const progress = new Map(jobs.map((one) => [one.job, one.progress]));
    this.client.setQueryData<JobList>(["jobs", "running"], (list) =>
      list && {
        jobs: list.jobs.map((job) => {
          const found = progress.get(job.id);
          return found ? { ...job, progress: found } : job;
        }),
      },
    );
    for (const [id, found] of progress) {
      speeds.add(id, found);
      this.client.setQueryData<JobDetails>(["job", id], (job) => job && { ...job, progress: found });
    }
  }

  private changed(event: JobEvent): void {
    this.patch(event);
    if (TERMINAL.has(event.status)) this.ended.push(event);
    this.lookAt(["jobs", "overview", `job ${event.job}`]);
  }

  /** In long lists the row is changed where it stands: they are too long to be fetched for each event. */
  private patch(event: JobEvent): void {
    const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] === "jobs" && LONG.has(queryKey[1]);
    this.client.setQueriesData<InfiniteData<JobPage>>({ predicate }, (list) => {
      if (!list?.pages.some((page) => page.jobs.some((job) => job.id === event.job))) return list;
      return { ...list, pages: list.pages.map((page) => ({ ...page, jobs: page.jobs.map((job) => after(job, event)) })) };
    });
  }

  private lookAt(names: readonly string[]): void {
    for (const name of names) this.stale.add(name);
    if (this.timer === undefined) {
      const wait = Math.max(SOON, this.looked + this.pace - performance.now());
      this.timer = window.setTimeout(() => this.look(), wait);
    }
  }

  private look(): void {
    const now = performance.now();
    this.timer = undefined;
    this.pace = now - this.looked < 2 * this.pace ? Math.min(1.5 * this.pace, SLOWEST) : EVERY;
    this.looked = now;
    const stale = [...this.stale];
    this.stale.clear();
    for (const name of stale) {
      const [first = "", id] = name.split(" ");
      if (first === "line") void this.client.invalidateQueries({ queryKey: ["jobs", "line"] });
      else if (first !== "jobs") void this.client.invalidateQueries({ queryKey: id === undefined ? [first] : [first, id] });
      else void this.client.invalidateQueries({ predicate: isShort });
    }
    const ended = this.ended;
    this.ended = [];
    if (ended.length > 0) this.watcher.ended(ended);
  }
}

/** Lists of jobs that are fetched whole; of the long ones only the counts are. */
function isShort(query: { queryKey: readonly unknown[] }): boolean {
  return query.queryKey[0] === "jobs" && !LONG.has(query.queryKey[1]);
}

function after(job: Job, event: JobEvent): Job {
  if (job.id !== event.job) return job;
  const { status, request, attempt, reason, state, sentence } = event;
  return { ...job, status, request, attempt, reason, state, why: reason, sentence };
}
