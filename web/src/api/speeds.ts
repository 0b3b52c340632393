/** How fast jobs are, for their graphs: what the server has kept from their beginning, and what was told since. */

import type { Progress, Speed } from "./schema";

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

/** Seconds between two spans in which the job did not run; less is told late. */
const GAP = 5;

/** One series: what was kept, and after its end what the stream told. Between two attempts the line is broken. */
export function joined(kept: readonly Speed[], live: readonly Sample[]): readonly Sample[] {
  const series: Sample[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const one of kept) {
    const at = new Date(one.at).getTime() / 1000;
    if (series.length > 0 && at - one.seconds - end > GAP) series.push({ at: end + 1, bytes: null, items: null });
    series.push({ at, bytes: one.bytes_per_second, items: one.items_per_second });
    end = at;
  }
  const since = live.filter((one) => one.at > end);
  if (series.length > 0 && since[0] && since[0].at - end > GAP) series.push({ at: end + 1, bytes: null, items: null });
  return [...series, ...since];
}

const NONE: readonly Sample[] = [];

export const speeds = new Speeds();
