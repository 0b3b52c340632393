/** What the page asks of the API, each under the name by which it is kept and looked at anew. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { upToDate } from "./meanwhile";
import { get, type Query } from "./request";
import type {
  AttemptList,
  Done,
  DuplicateList,
  EntryList,
  EventList,
  Explanation,
  FolderList,
  History,
  ItemPage,
  Job,
  JobDetails,
  JobList,
  JobPage,
  KindList,
  Log,
  NotePage,
  Overview,
  Question,
  QuestionPage,
  ScheduleDetails,
  ScheduleList,
  SpeedList,
} from "./schema";

export type Status = Job["status"];

export interface JobFilter {
  readonly statuses: readonly Status[];
  readonly kind: string;
  readonly text: string;
  /** A moment: only what was asked for since. */
  readonly createdFrom?: string | undefined;
  /** Only what was tried again since, or only the rest. */
  readonly retried?: boolean | undefined;
  /** Some of its items failed, or none. */
  readonly failedItems?: boolean | undefined;
}

export const UNFINISHED: readonly Status[] = ["queued", "paused"];
export const ENDED: readonly Status[] = ["completed", "failed", "cancelled"];
/** Rows of a long list that are asked for at once. */
export const PART = 250;
/** Rows of its beginning, which are asked for with every change. */
export const NEWEST = 50;
/** Files of the index that are asked for at most. */
export const MOST_ENTRIES = 200;

export interface Named {
  readonly queryKey: readonly unknown[];
}

/** Lists of jobs that are loaded part by part: all of a filter, and what waits in line. */
export function isLong({ queryKey: [name, part] }: Named): boolean {
  return name === "jobs" && (part === "all" || part === "line");
}

export const overview = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => get<Overview>("overview", {}, signal),
  // Disks fill up and drives come back without an event.
  refetchInterval: 20_000,
});

export const running = queryOptions({
  queryKey: ["jobs", "running"],
  queryFn: ({ signal }) => upToDate(() => get<JobList>("jobs/running", {}, signal)),
});

/** The first of what waits, in line. */
export const inLine = (filter: JobFilter, limit: number) =>
  queryOptions({
    queryKey: ["jobs", "waiting", filter, limit],
    queryFn: ({ signal }) => get<JobPage>("jobs/waiting", { ...filterQuery(filter), limit }, signal),
  });

/** All of it, part by part. */
export const wholeLine = (filter: JobFilter) =>
  infiniteQueryOptions({
    queryKey: ["jobs", "line", filter],
    queryFn: ({ signal, pageParam }) =>
      upToDate(() => get<JobPage>("jobs/waiting", { ...filterQuery(filter), limit: PART, after: pageParam }, signal)),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? undefined,
    structuralSharing: false,
  });

/** All of them: how many a job asks is said, and one answer may be meant for all. */
export const questions = queryOptions({
  queryKey: ["questions"],
  queryFn: async ({ signal }) => {
    const all: Question[] = [];
    let after: string | null = null;
    do {
      const page: QuestionPage = await get<QuestionPage>("questions", { limit: 1_000, after }, signal);
      all.push(...page.questions);
      after = page.next ?? null;
    } while (after !== null);
    return all;
  },
});

export const schedules = queryOptions({
  queryKey: ["schedules"],
  queryFn: ({ signal }) => get<ScheduleList>("schedules", {}, signal),
});

export const schedule = (id: string) =>
  queryOptions({
    queryKey: ["schedules", id],
    queryFn: ({ signal }) => get<ScheduleDetails>(`schedules/${encodeURIComponent(id)}`, {}, signal),
  });

export const kinds = queryOptions({
  queryKey: ["kinds"],
  queryFn: ({ signal }) => get<KindList>("kinds", {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

/** The newest jobs of a filter, for a short list. */
export const newest = (filter: JobFilter, limit: number) =>
  queryOptions({
    queryKey: ["jobs", "newest", filter, limit],
    queryFn: ({ signal }) => get<JobPage>("jobs", { ...filterQuery(filter), limit }, signal),
  });

/** The last seven days. Not among what every event makes stale: a minute old is new enough. */
export const endedLately = queryOptions({
  queryKey: ["ended"],
  queryFn: ({ signal }) => get<History>("statistics/history", {}, signal),
  staleTime: 60_000,
  refetchInterval: 60_000,
});

/** All jobs of a filter, part by part. */
export const allJobs = (filter: JobFilter) =>
  infiniteQueryOptions({
    queryKey: ["jobs", "all", filter],
    queryFn: ({ signal, pageParam }) =>
      upToDate(() => get<JobPage>("jobs", { ...filterQuery(filter), limit: PART, after: pageParam }, signal)),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? undefined,
    // To compare thousands of rows with those before costs more than to draw the few that are seen.
    structuralSharing: false,
  });

export const count = (filter: JobFilter) =>
  queryOptions({
    queryKey: ["jobs", "count", filter],
    queryFn: ({ signal }) => get<Done>("jobs/count", filterQuery(filter), signal),
  });

export const job = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: ({ signal }) => get<JobDetails>(`jobs/${id}`, {}, signal),
    retry: false,
  });

const part =
  <T>(name: string, query: Query = {}) =>
  (id: string) =>
    queryOptions({
      queryKey: ["job", id, name],
      queryFn: ({ signal }) => get<T>(`jobs/${id}/${name}`, query, signal),
    });

export const explanation = part<Explanation>("explain");
export const attempts = part<AttemptList>("attempts");
export const speedHistory = part<SpeedList>("speeds");
export const children = part<JobList>("children");
export const events = part<EventList>("events");
export const notes = part<NotePage>("notes", { limit: 200 });

/** Lines of a log that are asked for first, and at most. */
export const LOG_TAILS = [2_000, 10_000] as const;

export const log = (id: string, tail: number) =>
  queryOptions({
    queryKey: ["job", id, "log", tail],
    queryFn: ({ signal }) => get<Log>(`jobs/${id}/log`, { tail }, signal),
  });

export const items = (id: string, outcomes: readonly string[]) =>
  infiniteQueryOptions({
    queryKey: ["job", id, "items", outcomes],
    queryFn: ({ signal, pageParam }) => get<ItemPage>(`jobs/${id}/items`, { outcome: outcomes, limit: 100, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const folders = (id: string | null, hidden: boolean) =>
  queryOptions({
    queryKey: ["folders", id, hidden],
    queryFn: ({ signal }) => get<FolderList>("folders", { folder: id, hidden }, signal),
    staleTime: 0,
    retry: false,
  });

export const search = (text: string) =>
  queryOptions({
    queryKey: ["index", "search", text],
    queryFn: ({ signal }) => get<EntryList>("search", { text, limit: MOST_ENTRIES }, signal),
    enabled: text.trim() !== "",
  });

export const largest = queryOptions({
  queryKey: ["index", "largest"],
  queryFn: ({ signal }) => get<EntryList>("largest", { limit: MOST_ENTRIES }, signal),
});

export const recent = queryOptions({
  queryKey: ["index", "recent"],
  queryFn: ({ signal }) => get<EntryList>("recent", { limit: MOST_ENTRIES }, signal),
});

export const duplicates = queryOptions({
  queryKey: ["index", "duplicates"],
  queryFn: ({ signal }) => get<DuplicateList>("duplicates", { limit: 50 }, signal),
});

export function filterQuery(filter: JobFilter): Query {
  const { statuses: status, kind, text, createdFrom: created_from, retried, failedItems: failed_items } = filter;
  return { status, kind, text, created_from, retried, failed_items };
}
