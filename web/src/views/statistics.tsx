/** The last seven days: how many jobs ended each day, and how long those of each kind took. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { endedLately, kinds } from "../api/queries";
import type { KindStatistics } from "../api/schema";
import { kindName } from "../kinds";
import { counted, duration, number, startOfDay } from "../words";
import { useNow } from "../clock";

const DAYS = 7;

interface Day {
  readonly name: string;
  readonly done: number;
  readonly failed: number;
}

export function Week() {
  const { data } = useQuery(endedLately);
  const today = startOfDay(new Date(useNow()));
  const days = useMemo(() => daysOf(data?.spans ?? [], today), [data, today]);
  const most = Math.max(1, ...days.map((day) => day.done + day.failed));
  if (!data || data.spans.length === 0) return null;
  return (
    <figure className="week">
      <ul className="week-bars">
        {days.map((day) => (
          <li key={day.name}>
            <span className="column" aria-hidden="true">
              <span style={{ height: `${(day.done / most) * 100}%` }} />
              <span className="bad" style={{ height: `${(day.failed / most) * 100}%` }} />
            </span>
            <b aria-hidden="true">{day.done + day.failed > 0 ? number(day.done + day.failed) : "–"}</b>
            <span aria-hidden="true">{day.name}</span>
            <span className="unseen">{spoken(day)}</span>
          </li>
        ))}
      </ul>
      <figcaption className="quiet">Jobs that ended on each of the last seven days.</figcaption>
    </figure>
  );
}

/** `Today: 3 jobs ended, 1 of them failed.` */
function spoken({ name, done, failed }: Day): string {
  const ended = done + failed;
  if (ended === 0) return `${name}: no job ended.`;
  return `${name}: ${counted(ended, "job")} ended${failed > 0 ? `, ${failed} of them failed` : ""}.`;
}

export function Durations() {
  const { data } = useQuery(endedLately);
  const known = useQuery(kinds).data?.kinds ?? [];
  const rows = (data?.totals ?? []).filter((one) => one.run.p50 !== null);
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
          {rows.map(({ kind, completed, failed, cancelled, run }) => (
            <tr key={kind}>
              <th scope="row">{kindName(known.find((one) => one.kind === kind) ?? { kind, description: "" })}</th>
              <td>{number(completed + failed + cancelled)}</td>
              <td>{duration(run.p50 ?? 0)}</td>
              <td>{duration(run.p95 ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

function daysOf(spans: readonly KindStatistics[], today: number): readonly Day[] {
  return Array.from({ length: DAYS }, (_, place) => {
    // By the calendar: two days of a year are not 24 hours long.
    const date = new Date(today);
    date.setDate(date.getDate() - (DAYS - 1 - place));
    const start = date.getTime();
    date.setDate(date.getDate() + 1);
    const ended = spans.filter((span) => within(Date.parse(span.start), start, date.getTime()));
    const sum = (count: (span: KindStatistics) => number) => ended.reduce((all, span) => all + count(span), 0);
    return {
      name: place === DAYS - 1 ? "Today" : dayName.format(start),
      done: sum((span) => span.completed + span.cancelled),
      failed: sum((span) => span.failed),
    };
  });
}

function within(moment: number, start: number, end: number): boolean {
  return start <= moment && moment < end;
}
