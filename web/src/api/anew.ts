/** Asking again, so that the answer is not older than the call. */

import type { InvalidateOptions, InvalidateQueryFilters, QueryClient } from "@tanstack/react-query";

/**
 * As `invalidateQueries`, which leaves a query alone that is on its way for the first time: its answer may have left the
 * server before what makes the page ask. Such a one is asked for again when it has come.
 */
export async function askAnew(client: QueryClient, which: InvalidateQueryFilters, options: InvalidateOptions = {}): Promise<void> {
  const first = client
    .getQueryCache()
    .findAll(which)
    .filter(({ state }) => state.data === undefined && state.fetchStatus === "fetching");
  await client.invalidateQueries(which, options);
  if (first.length > 0) await client.invalidateQueries({ predicate: (query) => first.includes(query) }, options);
}
