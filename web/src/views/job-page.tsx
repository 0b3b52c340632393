/** All that is known of one job, at its own address. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { jobCommand, looking } from "../api/commands";
import { children, explanation, job as jobQuery } from "../api/queries";
import { Refused } from "../api/request";
import type { JobDetails } from "../api/schema";
import { Breaks } from "../components/breaks";
import { Commands } from "../components/command";
import { Confirm } from "../components/dialog";
import { JobActions, useAsk, wordFor } from "../components/job-actions";
import { Figures, PathText, Phases, ProgressBar } from "../components/progress";
import { Failed, Section } from "../components/section";
import { useNow } from "../clock";
import { useMay } from "../role";
import { Link, goTo, useTitle } from "../routing";
import { useRunningTime } from "../running-time";
import { ago, capital, duration, exactly, sentence, shown, shownLines } from "../words";
import { Attempts } from "./attempts";
import { Family } from "./family";
import { Items } from "./items";
import { JobQuestions } from "./job-questions";
import { LogTail } from "./log-tail";
import { Notes } from "./notes";
import { SpeedGraph } from "./speed-graph";
import { Told } from "./told";

/** What belongs to a running job without an event of its own is looked at so often. */
const LOOK_AGAIN = 3_000;

export function JobPage({ id }: { readonly id: string }) {
  const { data: job, error, refetch } = useQuery(jobQuery(id));
  useWhole(id, job);
  useLookAgain(job);
  useTitle(job ? job.title : "Job");
  if (error && (!job || isGone(error))) {
    return (
      <div className="page">
        <h1>This job cannot be shown</h1>
        <Failed error={error} again={() => void refetch()} />
        <p>
          <Link to="">All jobs</Link>
        </p>
      </div>
    );
  }
  if (!job) return <div className="page" aria-busy="true" />;
  return (
    <div className="job-page" data-job={job.id} data-status={job.status} data-whole>
      <Head job={job} />
      <JobQuestions job={job} />
      <Why job={job} />
      <SpeedGraph job={job} />
      <Family job={job} />
      <Items job={job} />
      <Notes job={job} />
      <Attempts job={job} />
      <LogTail job={job} />
      <Told job={job} />
    </div>
  );
}

function Head({ job }: { readonly job: JobDetails }) {
  const now = useNow();
  const { progress } = job;
  const seconds = useRunningTime(job);
  const ended = job.finished_at !== null;
  return (
    <div className="job-head">
      <p className="back">
        <Link to="">Jobs</Link>
        {job.parent && (
          <>
            {" › "}
            <Link to={`jobs/${job.parent}`}>the job it belongs to</Link>
          </>
        )}
      </p>
      <h1>
        <Breaks text={job.title} />
      </h1>
      <p className="state">
        <span className="dot" data-state={job.status} aria-hidden="true" />
        <strong>{stateWords(job)}</strong>
        <span className="quiet">
          {seconds !== null && (ended || job.status === "running") && `${ended ? `in ${job.took}` : `for ${duration(seconds)}`}, `}
          <time dateTime={job.finished_at ?? job.created_at} title={exactly(job.finished_at ?? job.created_at)}>
            {ended ? "" : "added "}
            {ago(job.finished_at ?? job.created_at, now)}
          </time>
        </span>
        {job.trouble && <span className="trouble">{job.trouble}</span>}
      </p>
      {(job.status === "running" || progress.fraction !== null) && (
        <>
          <Phases progress={progress} done={job.status === "completed"} />
          <ProgressBar job={job} />
          <Figures progress={progress} idle={job.status !== "running"} />
          {job.status === "running" && (
            <p className="doing">{progress.current_path ? <PathText path={progress.current_path} /> : progress.message || " "}</p>
          )}
        </>
      )}
      <div className="head-actions">
        <JobActions job={job} follow />
        <StopAtOnce job={job} />
        <Commands
          commands={[
            ...job.can.map((verb) => [wordFor(job, verb), jobCommand(job, verb)] as const),
            ["Watch", looking(job, "watch")],
            ["Show", looking(job, "show")],
            ["Log", looking(job, "logs")],
            ["Items", looking(job, "items")],
          ]}
        />
      </div>
    </div>
  );
}

function stateWords(job: JobDetails): string {
  if (job.status === "completed") return "Done";
  if (job.status === "failed") return "Failed";
  return capital(job.state);
}

/** Not among the other buttons: it does not wait for a safe point. */
function StopAtOnce({ job }: { readonly job: JobDetails }) {
  const [asking, setAsking] = useState(false);
  const asked = useAsk();
  const may = useMay();
  if (!may || !job.can.includes("abort") || job.status !== "running") return null;
  return (
    <>
      <button type="button" className="link danger" onClick={() => setAsking(true)}>
        Stop at once
      </button>
      {asking && (
        <Confirm
          title="Stop it at once?"
          doIt="Stop at once"
          onClose={() => setAsking(false)}
          onDo={() => {
            setAsking(false);
            void asked(job, "abort");
          }}
        >
          <p>
            It is not asked first, and what it has not saved is lost. Cancel stops it at its next safe point, which is better where it
            works.
          </p>
        </Confirm>
      )}
    </>
  );
}

function Why({ job }: { readonly job: JobDetails }) {
  const waits = job.status === "queued" || job.status === "paused";
  const { data } = useQuery({ ...explanation(job.id), enabled: waits });
  // Of others the head has said all; the rest would be for whoever looks after the server.
  const said = waits ? (data?.sentences ?? []).slice(1) : [];
  const reason = job.status === "cancelled" ? job.why : "";
  if (!waits && !job.error && !reason && !job.retry_of) return null;
  return (
    <Section title="Why">
      {job.error && <p className="error-said">{sentence(shown(job.error.message || job.error.type))}</p>}
      {reason && <p>{sentence(reason)}</p>}
      {said.length > 0 && (
        <ul className="why-list">
          {said.map((one) => (
            <li key={one}>{sentence(one)}</li>
          ))}
        </ul>
      )}
      {job.retry_of && (
        <p>
          It does <Link to={`jobs/${job.retry_of}`}>another job</Link> again.
        </p>
      )}
      {job.error?.traceback && (
        <details>
          <summary>Where in the code it failed</summary>
          {/* biome-ignore lint: a scrolling region must be reachable by keys */}
          <pre tabIndex={0}>{shownLines(job.error.traceback)}</pre>
        </details>
      )}
    </Section>
  );
}

/** Deleted from the history, maybe while it was looked at. */
function isGone(error: Error): boolean {
  return error instanceof Refused && error.status === 404;
}

/** An address with a part of an id becomes the one with all of it. */
function useWhole(id: string, job: JobDetails | undefined): void {
  const whole = job?.id;
  useEffect(() => {
    if (whole && whole !== id) goTo(`jobs/${whole}`, "replace");
  }, [whole, id]);
}

function useLookAgain(job: JobDetails | undefined): void {
  const client = useQueryClient();
  const id = job?.id;
  const runs = job?.status === "running";
  useEffect(() => {
    if (!id || !runs) return;
    const timer = window.setInterval(() => {
      if (document.visibilityState === "hidden") return;
      void client.invalidateQueries({ queryKey: ["job", id], refetchType: "active" });
      void client.invalidateQueries({ queryKey: children(id).queryKey });
    }, LOOK_AGAIN);
    return () => window.clearInterval(timer);
  }, [client, id, runs]);
}
