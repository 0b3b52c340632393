/** All that waits, in line, loaded part by part as it is scrolled. */

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { type JobFilter, count, wholeLine } from "../api/queries";
import type { LongList } from "./long-list";

/** So many rows before the end of what is loaded, the next part is asked for. */
const AHEAD = 50;

export function useLine(filter: JobFilter): LongList {
  const client = useQueryClient();
  const list = useInfiniteQuery({ ...wholeLine(filter), staleTime: Number.POSITIVE_INFINITY });
  const counted = useQuery(count(filter)).data?.count ?? 0;
  // A change of status only marks a row: one that waits no more is left out.
  const jobs = useMemo(
    () => (list.data?.pages ?? []).flatMap((page) => page.jobs.filter((job) => filter.statuses.includes(job.status))),
    [list.data, filter],
  );
  const [last, setLast] = useState(0);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = list;
  useEffect(() => {
    if (last >= jobs.length - AHEAD && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [last, jobs.length, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const again = useCallback(() => void client.invalidateQueries({ queryKey: ["jobs"] }), [client]);
  const total = hasNextPage ? Math.max(counted, jobs.length) : jobs.length;
  return { jobs, total, error: list.error, loading: list.isPending, onSeen: setLast, again };
}
