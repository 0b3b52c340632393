/** What has ended: search, filters, and one action for all that was found. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ENDED, type JobFilter, count } from "../api/queries";
import type { Job } from "../api/schema";
import { Bulk } from "../components/bulk";
import { Filters, useFilter } from "../components/filters";
import { type Columns, LongJobTable } from "../components/job-table";
import { useLongList } from "../components/long-list";
import { Failed, Nothing } from "../components/section";
import { useNow } from "../clock";
import { usePlace, useTitle } from "../routing";
import { counted, sentence, startOfDay } from "../words";
import { Durations, Week } from "./statistics";

export const HISTORY: Columns = {
  why: "How it ended",
  when: "When",
  verbs: ["retry"],
  moment: (job) => job.finished_at ?? job.created_at,
  said: ended,
};

const STATES = [
  ["completed", "Done"],
  ["failed", "Failed"],
  ["cancelled", "Cancelled"],
] as const;

const TIMES = [
  ["", "Any time"],
  ["1", "Today"],
  ["7", "Seven days"],
  ["30", "Thirty days"],
] as const;

export function History() {
  const chosen = useFilter(ENDED);
  const createdFrom = useFrom();
  const filter = useMemo(() => ({ ...chosen, createdFrom }), [chosen, createdFrom]);
  const list = useLongList(filter);
  const { data: counts } = useQuery(count(filter));
  useTitle("History");
  return (
    <div className="page">
      <h1>History</h1>
      <Week />
      <Durations />
      <Filters path="history" states={STATES} times={TIMES} />
      <div className="about">
        <p aria-live="polite">{counts && `${counted(counts.count, "job")}.`}</p>
        {list.jobs.length > 0 && <HistoryActions meant={filter} />}
      </div>
      {list.error && <Failed error={list.error} again={list.again} />}
      {!list.loading && !list.error && list.jobs.length === 0 && <Nothing>No job that has ended is like this.</Nothing>}
      {list.jobs.length > 0 && (
        <LongJobTable label="Jobs that have ended" jobs={list.jobs} columns={HISTORY} total={list.total} onSeen={list.onSeen} />
      )}
    </div>
  );
}

function HistoryActions({ meant }: { readonly meant: JobFilter }) {
  const failed = meant.statuses.includes("failed");
  return (
    <div className="actions">
      {failed && (
        <Bulk
          verb="retry"
          meant={{ ...meant, statuses: ["failed"], retried: false }}
          label="Try the failed ones again"
          question="Try {} again?"
          explanation="Each becomes a new job that goes on from where the old one was. What was tried again since is left out."
          doIt="Try {} again"
        />
      )}
      <Bulk
        verb="clear"
        meant={meant}
        label="Clear these"
        question="Clear {} from the history?"
        explanation="What is known of them (items, warnings, logs) is deleted. Files are not touched. This cannot be undone."
        doIt="Clear {}"
      />
    </div>
  );
}

/** The beginning of the time that was chosen. */
function useFrom(): string | undefined {
  const asked = usePlace().query.get("since") ?? "";
  const days = TIMES.some(([value]) => value === asked) ? Number(asked) : 0;
  const today = startOfDay(new Date(useNow()));
  return useMemo(() => (days ? daysBefore(today, days - 1) : undefined), [days, today]);
}

/** By the calendar: two days of a year are not 24 hours long. */
function daysBefore(day: number, count: number): string {
  const date = new Date(day);
  date.setDate(date.getDate() - count);
  return date.toISOString();
}

const ENDINGS: Readonly<Record<string, string>> = { completed: "Done", failed: "Failed", cancelled: "Cancelled" };

function ended(job: Job): string {
  const took = job.took ? ` in ${job.took}` : "";
  const word = `${ENDINGS[job.status] ?? job.state}${job.status === "completed" ? took : ""}`;
  return sentence(job.why ? `${word}: ${job.why}` : word);
}
