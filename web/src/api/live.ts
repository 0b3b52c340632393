/** What the stream tells, brought into what the page has: progress at once, lists by looking at them anew. */

import type { QueryClient } from "@tanstack/react-query";
import { askAnew } from "./anew";
import { LongLists } from "./long-lists";
import { after, toldEvent, toldProgress } from "./meanwhile";
import { type Named, isLong } from "./queries";
import { RunningList } from "./running-list";
import type { JobDetails, Moved, Event as JobEvent } from "./schema";
import { speeds } from "./speeds";
import { type Connection, EventStream, type Listener, type Messages } from "./stream";

/** Milliseconds between two looks at the lists; while things go on happening, more and more, so that a storm of short jobs
 * is not slowed down by being watched. */
const EVERY = 700;
const SLOWEST = 4_000;
const SOON = 20;

/** Long, and not spoken of by events: they have their own time. */
const APART: ReadonlySet<unknown> = new Set(["ended"]);

/** Which of what the page has a hint is about. `jobs`: lists that are fetched whole; `lists`: the long ones; `job`: what is
 * known of the one that is shown. Why a job waits is said in all of them. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  questions: ["questions", "overview", "jobs", "job"],
  schedules: ["schedules"],
  queue: ["overview", "jobs", "lists", "job"],
  runners: ["overview", "jobs", "job"],
  history: ["overview", "jobs", "lists", "job"],
};

const TERMINAL: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

export interface Watcher {
  connection(state: Connection): void;
  ended(events: readonly JobEvent[]): void;
}

export class Live implements Listener {
  private readonly stream = new EventStream(this);
  private readonly lists: LongLists;
  private readonly running: RunningList;
  private readonly stale = new Set<string>();
  private ended: JobEvent[] = [];
  private timer: number | undefined;
  private looked = Number.NEGATIVE_INFINITY;
  private pace = EVERY;

  constructor(
    private readonly client: QueryClient,
    private readonly watcher: Watcher,
  ) {
    this.lists = new LongLists(client);
    this.running = new RunningList(client);
  }

  start(): () => void {
    const stop = this.stream.start();
    return () => {
      window.clearTimeout(this.timer);
      this.running.stop();
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
    // Also where no change was left out: what has no number (deletions, questions, schedules) may be otherwise by now.
    if (told.resync || told.hello) this.everything();
  }

  private everything(): void {
    void this.lists.anew();
    void askAnew(this.client, { predicate: (query) => !APART.has(query.queryKey[0]) && !isLong(query) });
  }

  private moved(jobs: readonly Moved[]): void {
    const progress = new Map(jobs.map((one) => [one.job, one.progress]));
    this.running.moved(progress);
    for (const [id, found] of progress) {
      toldProgress(id, found);
      speeds.add(id, found);
      this.client.setQueryData<JobDetails>(["job", id], (job) => job && { ...job, progress: found });
    }
  }

  private changed(event: JobEvent): void {
    toldEvent(event);
    this.lists.changed(event);
    this.running.changed(event);
    this.client.setQueryData<JobDetails>(["job", event.job], (job) => job && after(job, event));
    if (TERMINAL.has(event.status)) this.ended.push(event);
    this.lookAt(["jobs", "overview", `job ${event.job}`]);
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
    for (const name of stale) this.refresh(name);
    const ended = this.ended;
    this.ended = [];
    if (ended.length > 0) this.watcher.ended(ended);
  }

  private refresh(name: string): void {
    const [first = "", id] = name.split(" ");
    if (first === "lists") void this.lists.anew();
    else if (first === "jobs") void this.short();
    else void askAnew(this.client, { queryKey: id === undefined ? [first] : [first, id] });
  }

  private async short(): Promise<void> {
    const beginnings = () => askAnew(this.client, { predicate: isShort }, { throwOnError: true });
    if (!(await this.lists.settle(beginnings))) this.lookAt(["jobs"]);
  }
}

/** Lists of jobs that are fetched whole; of the long ones only the counts and the beginnings are. */
function isShort(query: Named): boolean {
  return query.queryKey[0] === "jobs" && !isLong(query);
}
