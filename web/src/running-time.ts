/** For how long a job runs: what the server said, and what has passed here since it was said. */

import { useNow } from "./clock";
import type { Job } from "./api/schema";

interface Said {
  readonly seconds: number;
  /** By this page's own clock, which nobody turns. */
  readonly at: number;
}

const said = new Map<string, Said>();
const MOST = 500;

/** Seconds; null of a job that has not begun. Drawn anew with every tick of the page's clock, and with the job. */
export function useRunningTime({ id, seconds, status }: Job): number | null {
  useNow();
  if (seconds === null) return null;
  return status === "running" ? seconds + (performance.now() - saidAt(id, seconds)) / 1000 : seconds;
}

/** A job is marked by its events without being asked for anew: its number is as old as when it was first seen. */
function saidAt(id: string, seconds: number): number {
  const known = said.get(id);
  if (known?.seconds === seconds) return known.at;
  if (said.size >= MOST) said.clear();
  const at = performance.now();
  said.set(id, { seconds, at });
  return at;
}
