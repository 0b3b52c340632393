/** The time of day, for words such as "3 min ago": one timer for the whole page. */

import { useSyncExternalStore } from "react";

const EVERY = 10_000;
const watchers = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  // Not with each watcher: a row that is just drawn would be drawn once more.
  if (timer === undefined) {
    now = Date.now();
    timer = window.setInterval(tick, EVERY);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const watcher of watchers) watcher();
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
