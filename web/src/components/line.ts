/** All that waits, in line, loaded part by part as it is scrolled. */

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { type JobFilter, count, inLine, wholeLine } from "../api/queries";
import type { Job } from "../api/schema";
import type { LongList } from "./long-list";
import { useFresh } from "./long-list";

const FIRST = 50;

export function useLine(filter: JobFilter): LongList {
  const client = useQueryClient();
  const list = useInfiniteQuery({ ...wholeLine(filter), staleTime: Number.POSITIVE_INFINITY });
  const counted = useQuery(count(filter)).data?.count;
  // The first ones are looked at anew with every change: by them it is seen whether the rest is as it was.
  const first = useQuery(inLine(filter, FIRST)).data?.jobs;
  const jobs = useMemo(() => joined(first, list.data?.pages.flatMap((page) => page.jobs), filter), [first, list.data, filter]);
  const [last, setLast] = useState(0);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError, isFetching } = list;
  useEffect(() => {
    if (last >= jobs.length - FIRST && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [last, jobs.length, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const again = useCallback(() => {
    void client.invalidateQueries({ queryKey: ["jobs", "line"] });
    void client.invalidateQueries({ queryKey: ["jobs", "count"] });
  }, [client]);
  const misses = counted !== undefined && !hasNextPage && counted !== jobs.length;
  useFresh(!isFetching && (misses || differs(first, jobs)), again);
  const total = hasNextPage ? Math.max(counted ?? 0, jobs.length) : jobs.length;
  return { jobs, total, error: list.error, loading: list.isPending, onSeen: setLast, again };
}

function differs(first: readonly Job[] | undefined, jobs: readonly Job[]): boolean {
  return first?.some((job, place) => jobs[place]?.id !== job.id) ?? false;
}

/** Rows that fit the filter no more are left out. What the first ones say is newer than what the list says of them. */
function joined(first: readonly Job[] = [], list: readonly Job[] = [], filter: JobFilter): readonly Job[] {
  const known = new Map(first.map((job) => [job.id, job]));
  return list.map((job) => known.get(job.id) ?? job).filter((job) => filter.statuses.includes(job.status));
}
