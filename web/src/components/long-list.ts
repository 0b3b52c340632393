/** A long list that is loaded part by part as it is scrolled. */

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { NEWEST, type JobFilter, allJobs, count, newest } from "../api/queries";
import type { Job } from "../api/schema";

const SETTLES = 2_000;

export interface LongList {
  readonly jobs: readonly Job[];
  readonly total: number;
  readonly error: Error | null;
  readonly loading: boolean;
  readonly onSeen: (last: number) => void;
  readonly again: () => void;
}

export function useLongList(filter: JobFilter): LongList {
  const client = useQueryClient();
  const list = useInfiniteQuery({ ...allJobs(filter), staleTime: Number.POSITIVE_INFINITY });
  const counted = useQuery(count(filter));
  // The beginning is looked at anew with every change; what is not in the list yet goes before it.
  const beginning = useQuery(newest(filter, NEWEST));
  const jobs = useMemo(() => joined(beginning.data?.jobs, list.data?.pages.flatMap((page) => page.jobs), filter), [
    beginning.data,
    list.data,
    filter,
  ]);
  const [last, setLast] = useState(0);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = list;
  useEffect(() => {
    if (last >= jobs.length - NEWEST && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [last, jobs.length, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const again = useCallback(() => {
    void client.resetQueries({ queryKey: allJobs(filter).queryKey });
    void client.invalidateQueries({ queryKey: ["jobs"] });
  }, [client, filter]);
  useFresh(missesSome(beginning.data?.jobs, list.data?.pages[0]?.jobs, hasNextPage, counted.data?.count, jobs.length), again);
  const total = hasNextPage ? Math.max(counted.data?.count ?? 0, jobs.length) : jobs.length;
  return { jobs, total, error: list.error, loading: list.isPending, onSeen: setLast, again };
}

/** Whether more has come about than the beginning shows: then the list has a hole, or its end is not where it was. */
function missesSome(
  beginning: readonly Job[] | undefined,
  first: readonly Job[] | undefined,
  hasNextPage: boolean,
  count: number | undefined,
  shown: number,
): boolean {
  if (!beginning || !first || count === undefined) return false;
  if (!hasNextPage) return count !== shown;
  const known = new Set(first.map((job) => job.id));
  return beginning.length === NEWEST && !beginning.some((job) => known.has(job.id));
}

/** Ask for all of it anew, once it has been wrong for a while: what is just being told is not missing. */
function useFresh(wrong: boolean, again: () => void): void {
  useEffect(() => {
    if (!wrong) return;
    const timer = window.setTimeout(again, SETTLES);
    return () => window.clearTimeout(timer);
  }, [wrong, again]);
}

/** Rows that fit the filter no more are left out: in this list a change of status only marks them. */
function joined(beginning: readonly Job[] = [], list: readonly Job[] = [], filter: JobFilter): readonly Job[] {
  return eachOnce([...beginning, ...list]).filter(
    (job) => filter.statuses.length === 0 || filter.statuses.includes(job.status),
  );
}

/** Of two answers that were asked for one after the other both may have a job; a row that is drawn twice would never go. */
export function eachOnce(jobs: readonly Job[]): readonly Job[] {
  const seen = new Set<string>();
  return jobs.filter(({ id }) => !seen.has(id) && seen.add(id));
}
