/** What waits, and for what. */

import { useQuery } from "@tanstack/react-query";
import { UNFINISHED, count, inLine, overview } from "../api/queries";
import type { Job } from "../api/schema";
import { Bulk } from "../components/bulk";
import { Filters, useFilter } from "../components/filters";
import { type Columns, JobTable, LongJobTable } from "../components/job-table";
import { useLine } from "../components/line";
import { usePlacing } from "../components/placing";
import { Failed, Nothing, Section } from "../components/section";
import type { Put } from "../components/moving";
import { useMay } from "../role";
import { Link, useTitle } from "../routing";
import { counted, number, sentence, when } from "../words";

const FEW = 8;
const ALL = { statuses: UNFINISHED, kind: "", text: "" } as const;

export const WAITING: Columns = {
  why: "Why it waits",
  when: "Since",
  verbs: ["front", "resume", "pause", "cancel"],
  moment: (job) => job.created_at,
  said: waits,
};

export function Waiting() {
  const { data, error, refetch } = useQuery(inLine(ALL, FEW));
  const put = usePut();
  const { data: known } = useQuery(overview);
  const total = (known?.counts.queued ?? 0) + (known?.counts.paused ?? 0);
  const jobs = data?.jobs ?? [];
  return (
    <Section
      title="Waiting"
      aside={
        total > 0 && (
          <p>
            <Link to="waiting">{total > jobs.length ? `All ${number(total)}` : "Choose and cancel"}</Link>
          </p>
        )
      }
    >
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {data && jobs.length === 0 && <Nothing>Nothing waits.</Nothing>}
      {jobs.length > 0 && <JobTable label="Jobs that wait" jobs={jobs} columns={WAITING} total={total} {...put} />}
    </Section>
  );
}

const STATES = [
  ["queued", "Queued"],
  ["paused", "Paused"],
] as const;

export function WaitingPage() {
  const filter = useFilter(UNFINISHED);
  const list = useLine(filter);
  const put = usePut();
  const { data: counts } = useQuery(count(filter));
  const { data: known } = useQuery(overview);
  useTitle("Waiting jobs");
  return (
    <div className="page">
      <h1>Waiting</h1>
      <Filters path="waiting" states={STATES} />
      <div className="about">
        <p aria-live="polite">{counts && `${counted(counts.count, "job")}.`}</p>
        {list.jobs.length > 0 && (
          <div className="actions">
            {filter.statuses.includes("queued") && (
              <Bulk
                verb="pause"
                meant={{ ...filter, statuses: ["queued"] }}
                label="Pause these"
                question="Pause {}?"
                explanation="They stay paused, over restarts too, until they are told to go on."
                doIt="Pause {}"
              />
            )}
            {filter.statuses.includes("paused") && (known?.counts.paused ?? 0) > 0 && (
              <Bulk
                verb="resume"
                meant={{ ...filter, statuses: ["paused"] }}
                label="Resume those that are paused"
                question="Let {} go on?"
                explanation="They wait for their turn again."
                doIt="Resume {}"
              />
            )}
            <Bulk
              verb="cancel"
              meant={filter}
              label="Cancel these"
              question="Cancel {}?"
              explanation="They will not run. Each can be done after all from the history."
              doIt="Cancel {}"
            />
          </div>
        )}
      </div>
      {list.error && <Failed error={list.error} again={list.again} />}
      {!list.loading && !list.error && list.jobs.length === 0 && <Nothing>No job that waits is like this.</Nothing>}
      {list.jobs.length > 0 && (
        <LongJobTable label="Jobs that wait" jobs={list.jobs} columns={WAITING} total={list.total} onSeen={list.onSeen} {...put} />
      )}
    </div>
  );
}

/** Nothing where this browser may only look. */
function usePut(): { readonly put?: Put } {
  const put = usePlacing();
  return useMay() ? { put } : {};
}

function waits(job: Job): string {
  if (job.status === "paused") return sentence(job.why ? `Paused: ${job.why}` : "Paused, until you let it go on");
  return sentence(startsLater(job) ?? (job.why || "Starts as soon as there is room"));
}

/** Of a job that is due at a time: when, in this browser's zone; and why it is not done yet, where it was tried. */
function startsLater(job: Job): string | undefined {
  const now = Date.now();
  if (!job.due_at || Date.parse(job.due_at) <= now) return undefined;
  const at = when(job.due_at, now);
  return job.reason && !job.reason.startsWith("after ") ? `${sentence(job.why)} Once more ${at}` : `Starts ${at}`;
}
