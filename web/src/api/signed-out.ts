/**
 * Whether the server still knows this browser: said by the answer to any request. Answers overtake each other, so the one
 * counts whose request was sent last.
 */

import { useSyncExternalStore } from "react";

const watchers = new Set<() => void>();
let out = false;
let sent = 0;
let told = 0;

/** To be called with the status of the answer to a request of the API that is sent now. */
export function awaitingAnswer(): (status: number) => void {
  sent += 1;
  const mine = sent;
  return (status) => {
    if (mine < told) return;
    told = mine;
    if (out === (status === 401)) return;
    out = !out;
    for (const watcher of watchers) watcher();
  };
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function useSignedOut(): boolean {
  return useSyncExternalStore(subscribe, () => out);
}
