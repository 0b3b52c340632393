/** The last seven days: how many jobs ended each day, and how long those of each kind took. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { kinds, lastEnded } from "../api/queries";
import type { Job } from "../api/schema";
import { kindName } from "../kinds";
import { counted, duration, number, startOfDay } from "../words";
import { useNow } from "../clock";

const DAYS = 7;
const DAY_MS = 86_400_000;

interface Day {
  readonly name: string;
  readonly done: number;
  readonly failed: number;
}

export function Week() {
  const { data } = useQuery(lastEnded);
  const today = startOfDay(new Date(useNow()));
  const days = useMemo(() => daysOf(data?.jobs ?? [], today), [data, today]);
  const most = Math.max(1, ...days.map((day) => day.done + day.failed));
  if (!data || data.jobs.length === 0) return null;
  return (
    <figure className="week">
      <ul className="week-bars">
        {days.map((day) => (
          <li key={day.name}>
            <span className="column" aria-hidden="true">
              <span style={{ height: `${(day.done / most) * 100}%` }} />
              <span className="bad" style={{ height: `${(day.failed / most) * 100}%` }} />
            </span>
            <b>{day.done + day.failed || "–"}</b>
            <span>{day.name}</span>
            <span className="unseen">{day.failed > 0 && `${counted(day.failed, "job")} of them failed`}</span>
          </li>
        ))}
      </ul>
      <figcaption className="quiet">
        Jobs that ended on each of the last seven days{data.next !== null && `, among the last ${number(data.jobs.length)}`}.
      </figcaption>
    </figure>
  );
}

export function Durations() {
  const { data } = useQuery(lastEnded);
  const known = useQuery(kinds).data?.kinds ?? [];
  const from = startOfDay(new Date(useNow())) - (DAYS - 1) * DAY_MS;
  const rows = useMemo(() => durationsOf(data?.jobs ?? [], from), [data, from]);
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>How long they took</summary>
      <table className="kinds-table">
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Jobs</th>
            <th scope="col">Half took less than</th>
            <th scope="col">Nearly all (95 %) less than</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ kind, seconds }) => (
            <tr key={kind}>
              <th scope="row">{kindName(known.find((one) => one.kind === kind) ?? { kind, description: "" })}</th>
              <td>{number(seconds.length)}</td>
              <td>{duration(quantile(seconds, 0.5))}</td>
              <td>{duration(quantile(seconds, 0.95))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

function daysOf(jobs: readonly Job[], today: number): readonly Day[] {
  return Array.from({ length: DAYS }, (_, place) => {
    // By the calendar: two days of a year are not 24 hours long.
    const date = new Date(today);
    date.setDate(date.getDate() - (DAYS - 1 - place));
    const start = date.getTime();
    date.setDate(date.getDate() + 1);
    const ended = jobs.filter((job) => job.finished_at && within(Date.parse(job.finished_at), start, date.getTime()));
    const failed = ended.filter((job) => job.status === "failed").length;
    return { name: place === DAYS - 1 ? "Today" : dayName.format(start), done: ended.length - failed, failed };
  });
}

function within(moment: number, start: number, end: number): boolean {
  return start <= moment && moment < end;
}

interface KindDurations {
  readonly kind: string;
  /** In order. */
  readonly seconds: readonly number[];
}

function durationsOf(jobs: readonly Job[], from: number): readonly KindDurations[] {
  const found = new Map<string, number[]>();
  for (const job of jobs) {
    if (job.status !== "completed" || job.seconds === null || Date.parse(job.finished_at ?? "") < from) continue;
    found.set(job.kind, [...(found.get(job.kind) ?? []), job.seconds]);
  }
  return [...found]
    .map(([kind, seconds]) => ({ kind, seconds: seconds.sort((one, other) => one - other) }))
    .sort((one, other) => other.seconds.length - one.seconds.length);
}

/** The value that this share of an ordered list does not exceed. */
function quantile(ordered: readonly number[], share: number): number {
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? 0;
}
