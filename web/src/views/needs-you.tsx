/** What waits for a person: questions, failures, missing drives, full disks. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { indexCommand, jobCommand, looking, workerCommand } from "../api/commands";
import { type JobFilter, count, newest, overview, questions } from "../api/queries";
import type { Job, Location, Overview, Question } from "../api/schema";
import { Breaks } from "../components/breaks";
import { Commands } from "../components/command";
import { JobActions } from "../components/job-actions";
import { useNotices } from "../components/notices";
import { Section } from "../components/section";
import { useNow } from "../clock";
import { Link } from "../routing";
import { bringBack, dismiss, useSettings } from "../settings";
import { ago, counted, number, sentence } from "../words";
import { isFull, isNearlyFull } from "./hero";
import { QuestionGroup } from "./question-group";

const LOOKED_AT = 60;
const MOST_FAILED = 12;
/** Cards that are seen at first: what runs shall not be far below. */
const FEW = 5;
const FAILED = { statuses: ["failed"], kind: "", text: "", retried: false } as const;
const PARTLY = { statuses: ["completed"], kind: "", text: "", retried: false, failedItems: true } as const;

export function NeedsYou() {
  const { data: known } = useQuery(overview);
  const { data: asked } = useQuery(questions);
  const failed = useFailed();
  const olderFailed = useOlder(FAILED);
  const olderPartly = useOlder(PARTLY);
  const groups = useMemo(() => grouped(asked ?? []), [asked]);
  const troubles = known ? troublesOf(known) : [];
  const older = olderFailed + olderPartly;
  const things = groups.size + failed.length + older + troubles.length;
  const more = Math.max(0, failed.length - MOST_FAILED) + older;
  const [all, setAll] = useState(false);
  if (things === 0) return null;
  const cards = [
    ...troubles.map((trouble) => <TroubleCard key={trouble.title} trouble={trouble} />),
    ...[...groups].map(([name, group]) => <QuestionGroup key={name} questions={group} />),
    ...failed.slice(0, MOST_FAILED).map((job) => <FailedCard key={job.id} job={job} />),
  ];
  const folded = cards.length - FEW;
  return (
    <Section title="Needs you" className="needs" aside={<p className="quiet">{counted(things, "thing")}</p>}>
      {all ? cards : cards.slice(0, FEW)}
      {folded > 0 && (
        <p>
          <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Fewer" : `Show ${number(folded)} more`}
          </button>
        </p>
      )}
      {more > 0 && (all || folded <= 0) && (
        <p>
          <Link to={olderPartly > 0 ? "history" : "history?state=failed"}>
            And {counted(more, "more job")} that failed, wholly or in part
          </Link>
        </p>
      )}
    </Section>
  );
}

/** The questions of one job and topic together, by these: one answer may serve them all, and some may be answered alone. */
function grouped(all: readonly Question[]): ReadonlyMap<string, readonly Question[]> {
  const groups = new Map<string, Question[]>();
  for (const question of all) {
    const name = question.topic ? `${question.job} ${question.topic}` : question.id;
    groups.set(name, [...(groups.get(name) ?? []), question]);
  }
  return groups;
}

/** Failed, or done with items that failed; not done again since, and not put aside. */
function useFailed(): readonly Job[] {
  const { data: failed } = useQuery(newest(FAILED, LOOKED_AT));
  const { data: partly } = useQuery(newest(PARTLY, LOOKED_AT));
  const { dismissed } = useSettings();
  return useMemo(() => {
    const all = [...(failed?.jobs ?? []), ...(partly?.jobs ?? [])].sort((one, other) => (one.id < other.id ? 1 : -1));
    const aside = new Set(dismissed);
    return all.filter((job) => job.can.includes("retry") && job.parent === null && !aside.has(job.id));
  }, [failed, partly, dismissed]);
}

/** How many are of this filter beyond those that are looked at, one by one. */
function useOlder(filter: JobFilter): number {
  const seen = useQuery(newest(filter, LOOKED_AT)).data?.jobs.length ?? 0;
  const all = useQuery({ ...count(filter), enabled: seen === LOOKED_AT }).data?.count ?? 0;
  return seen === LOOKED_AT ? Math.max(0, all - seen) : 0;
}

function FailedCard({ job }: { readonly job: Job }) {
  const notices = useNotices();
  const now = useNow();
  function putAside(): void {
    dismiss(job.id);
    notices.say({ text: "Put aside. It stays in the history.", undo: () => bringBack(job.id) });
  }
  return (
    <article className="card trouble-card" data-job={job.id} data-status={job.status}>
      <header>
        <h3>
          <Link to={`jobs/${job.id}`} className="title">
            <Breaks text={job.title} />
          </Link>
        </h3>
        <div className="actions">
          <JobActions job={job} verbs={["retry"]} />
          <button type="button" className="plain" onClick={putAside} aria-label={`Put aside: ${job.title}`}>
            Put aside
          </button>
        </div>
      </header>
      <p className="said">
        <Breaks text={sentence(job.why || job.trouble || "it failed")} />
      </p>
      <footer>
        <span className="quiet">
          {job.status === "failed" ? "Failed" : "Done but for some files,"} {ago(job.finished_at ?? job.created_at, now)}
        </span>
        {job.counters.items_error > 0 && <Link to={`jobs/${job.id}#items`}>See which</Link>}
        <Commands
          commands={[
            ["Do it again", jobCommand(job, "retry")],
            ["What failed", looking(job, "items")],
            ["Why", looking(job, "explain")],
          ]}
        />
      </footer>
    </article>
  );
}

interface Trouble {
  readonly title: string;
  readonly what: string;
  readonly command?: readonly [string, string];
  /** Where something can be done about it. */
  readonly place?: readonly [string, string];
}

function TroubleCard({ trouble }: { readonly trouble: Trouble }) {
  return (
    <article className="card trouble-card">
      <header>
        <h3>
          <Breaks text={trouble.title} />
        </h3>
      </header>
      <p className="said">{trouble.what}</p>
      {trouble.command && (
        <footer>
          {trouble.place && <Link to={trouble.place[1]}>{trouble.place[0]}</Link>}
          <Commands commands={[trouble.command]} />
        </footer>
      )}
    </article>
  );
}

function troublesOf(known: Overview): readonly Trouble[] {
  const found: Trouble[] = [];
  if (known.warning) found.push({ title: "This page is not protected", what: known.warning });
  const full = isFull(known);
  if (full) {
    found.push({
      title: "The library's disk is full",
      what: "Jobs hold still and lose nothing. Make some room on it, and all goes on by itself.",
    });
  }
  if (!known.attended && known.counts.queued > 0) {
    found.push({
      title: "Nobody runs the jobs",
      what: `${counted(known.counts.queued, "job")} ${known.counts.queued === 1 ? "waits" : "wait"} for a worker. Start one, and they run.`,
      command: ["Start one", workerCommand()],
    });
  }
  for (const disk of known.disks.filter(isNearlyFull)) {
    if (full && disk.library) continue; // said above
    found.push({ title: `The disk of ${disk.shown} is nearly full`, what: `${disk.sentence}. Copies to it may have to wait.` });
  }
  for (const location of known.locations.filter((one) => one.state === "offline")) found.push(offline(location));
  return found;
}

function offline(location: Location): Trouble {
  return {
    title: `${location.shown} is not there`,
    what: "Its disk is not connected, or the folder was moved. Nothing of it is forgotten: connect the disk and index the folder again.",
    place: ["To the library's folders", "library"],
    command: ["Index it again", indexCommand(location)],
  };
}
