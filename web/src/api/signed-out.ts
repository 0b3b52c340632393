/** Whether the server still knows this browser: said by the answer to any request. */

import { useSyncExternalStore } from "react";

const watchers = new Set<() => void>();
let out = false;

/** The status of an answer of the API. */
export function answeredWith(status: number): void {
  if (out === (status === 401)) return;
  out = !out;
  for (const watcher of watchers) watcher();
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function useSignedOut(): boolean {
  return useSyncExternalStore(subscribe, () => out);
}
