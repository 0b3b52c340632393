/** How fast jobs have been since the page was opened, for their graphs. The server keeps only the present rate. */

import type { Progress } from "./schema";

export interface Sample {
  /** Seconds since 1970. */
  readonly at: number;
  readonly bytes: number | null;
  readonly items: number | null;
}

const EVERY = 1;
const MOST = 900;
const MOST_JOBS = 200;

class Speeds {
  private readonly samples = new Map<string, Sample[]>();
  private readonly watchers = new Set<() => void>();

  add(job: string, progress: Progress): void {
    const now = Date.now() / 1000;
    const known = this.samples.get(job) ?? [];
    const newest = known[known.length - 1];
    if (newest && now - newest.at < EVERY) return;
    const sample = { at: now, bytes: progress.bytes_per_second, items: progress.items_per_second };
    this.samples.delete(job);
    this.samples.set(job, [...known.slice(1 - MOST), sample]);
    for (const oldest of this.samples.keys()) {
      if (this.samples.size <= MOST_JOBS) break;
      this.samples.delete(oldest);
    }
    for (const watcher of this.watchers) watcher();
  }

  of(job: string): readonly Sample[] {
    return this.samples.get(job) ?? NONE;
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };
}

const NONE: readonly Sample[] = [];

export const speeds = new Speeds();
