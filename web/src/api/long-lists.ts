/**
 * Long lists of jobs: too long to be fetched for each event. A row is changed where it stands, and what comes into a list
 * is taken from its beginning, which is short. The whole is asked for anew only where that leaves a row out; and in line,
 * where no event says at which place a job has come to wait.
 */

import { type InfiniteData, type Query, type QueryClient, type QueryKey, hashKey } from "@tanstack/react-query";
import { askAnew } from "./anew";
import { after } from "./meanwhile";
import { NEWEST, type JobFilter, isLong, newest } from "./queries";
import type { Job, Event as JobEvent, JobPage } from "./schema";

type List = InfiniteData<JobPage, string | null>;

/** A list in line is asked for with all its parts: as a part of the time, at most one in so many. */
const REST = 10;

export class LongLists {
  private told: JobEvent[] = [];
  private old = false;
  private readonly resting = new Map<string, number>();
  private readonly later = new Set<string>();

  constructor(private readonly client: QueryClient) {}

  /** Ask for all of them again: what was told before will be in them. One that does not come says so in its place. */
  async anew(): Promise<void> {
    this.told = [];
    this.old = true;
    this.old = await askAnew(this.client, { predicate: isLong }, { throwOnError: true }).then(
      () => false,
      () => true,
    );
  }

  changed(event: JobEvent): void {
    this.told.push(event);
    this.client.setQueriesData<List>({ predicate: isLong }, (list) => list && marked(list, event));
  }

  /**
   * See to it that each list has what was told of, once `beginnings` were fetched that are not older than that. False where
   * it has to be asked for again: a list is on its way, or a beginning did not come.
   */
  async settle(beginnings: () => Promise<void>): Promise<boolean> {
    const told = this.told;
    this.told = [];
    const came = await beginnings().then(
      () => true,
      () => false,
    );
    const lists = this.client.getQueryCache().findAll({ predicate: isLong, type: "active" });
    const underWay = lists.some((list) => list.state.fetchStatus === "fetching");
    if (!came || underWay) this.told = [...told, ...this.told];
    else if (this.old) await this.anew();
    else for (const list of lists) this.complete(list, told);
    return !underWay;
  }

  /** The longer it takes, the longer nothing is asked for afterwards; what comes meanwhile is asked for then. */
  private askInLine(queryKey: QueryKey): void {
    const name = hashKey(queryKey);
    if (this.later.has(name)) return;
    this.later.add(name);
    const wait = Math.max(0, (this.resting.get(name) ?? 0) - performance.now());
    window.setTimeout(async () => {
      this.later.delete(name);
      const begun = performance.now();
      await this.client.invalidateQueries({ queryKey, exact: true });
      const ended = performance.now();
      this.resting.set(name, ended + REST * (ended - begun));
    }, wait);
  }

  private complete({ queryKey, state }: Query, told: readonly JobEvent[]): void {
    const list = state.data as List | undefined;
    const filter = queryKey[2] as JobFilter;
    if (queryKey[1] === "line") {
      if (told.some((event) => filter.statuses.includes(event.status))) this.askInLine(queryKey);
      return;
    }
    const beginning = this.client.getQueryData(newest(filter, NEWEST).queryKey)?.jobs;
    if (!list || !beginning) return;
    const known = new Set(list.pages.flatMap((page) => page.jobs.map((job) => job.id)));
    if (hasHole(beginning, known) || told.some((event) => misses(list, known, beginning, filter, event))) {
      void this.client.invalidateQueries({ queryKey, exact: true });
    } else if (beginning.some((job) => !known.has(job.id))) {
      this.client.setQueryData<List>(
        queryKey,
        withRows(
          list,
          beginning.filter((job) => !known.has(job.id)),
        ),
      );
    }
  }
}

/** A page is another object only where a row of it is. */
function marked(list: List, event: JobEvent): List {
  if (!list.pages.some((page) => page.jobs.some((job) => job.id === event.job))) return list;
  return { ...list, pages: list.pages.map((page) => ({ ...page, jobs: page.jobs.map((job) => after(job, event)) })) };
}

/** More has come about than the beginning shows. */
function hasHole(beginning: readonly Job[], known: ReadonlySet<string>): boolean {
  return beginning.length === NEWEST && known.size > 0 && !beginning.some((job) => known.has(job.id));
}

/** Ids rise with time, and lists begin with the newest. What belongs among the beginning is there, or does not fit. */
function misses(
  list: List,
  known: ReadonlySet<string>,
  beginning: readonly Job[],
  { statuses }: JobFilter,
  { job, status }: JobEvent,
): boolean {
  if (known.has(job) || (statuses.length > 0 && !statuses.includes(status))) return false;
  if (beginning.length < NEWEST || job >= (beginning[NEWEST - 1]?.id ?? "")) return false;
  return job > loadedTo(list);
}

/** The id of the last row that is loaded; what is smaller comes with a later part. Nothing is, where all are loaded. */
function loadedTo(list: List): string {
  const last = list.pages[list.pages.length - 1];
  return last?.next ? (last.jobs[last.jobs.length - 1]?.id ?? "") : "";
}

function withRows(list: List, rows: readonly Job[]): List {
  let rest = rows.filter((row) => row.id > loadedTo(list));
  const pages = list.pages.map((page, place) => {
    const end = place < list.pages.length - 1 ? (page.jobs[page.jobs.length - 1]?.id ?? "") : "";
    const here = rest.filter((row) => row.id > end);
    rest = rest.filter((row) => row.id <= end);
    return here.length === 0 ? page : { ...page, jobs: [...here, ...page.jobs].sort((one, other) => (one.id < other.id ? 1 : -1)) };
  });
  return { ...list, pages };
}
