/** What runs now, a card for each. */

import { useQuery } from "@tanstack/react-query";
import { jobCommand, looking } from "../api/commands";
import { overview, running } from "../api/queries";
import type { Job } from "../api/schema";
import { Breaks } from "../components/breaks";
import { Commands } from "../components/command";
import { JobActions } from "../components/job-actions";
import { Figures, PathText, Phases, ProgressBar } from "../components/progress";
import { Failed, Nothing, Section } from "../components/section";
import { Link } from "../routing";
import { useRunningTime } from "../running-time";
import { counted, duration } from "../words";
import { isFull } from "./hero";

const MOST = 30;

export function Running() {
  const { data, error, refetch } = useQuery(running);
  const { data: known } = useQuery(overview);
  const still = known !== undefined && isFull(known);
  const jobs = data?.jobs ?? [];
  return (
    <Section title="Running">
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {data && jobs.length === 0 && <Nothing>Nothing runs now.</Nothing>}
      {jobs.slice(0, MOST).map((job) => (
        <RunningCard key={job.id} job={job} still={still} />
      ))}
      {jobs.length > MOST && <p className="quiet">And {counted(jobs.length - MOST, "more job")}.</p>}
    </Section>
  );
}

interface RunningCardProps {
  readonly job: Job;
  /** It can save nothing: the library's disk is full. */
  readonly still: boolean;
}

function RunningCard({ job, still }: RunningCardProps) {
  const { progress } = job;
  const seconds = useRunningTime(job);
  return (
    <article className="card" data-job={job.id} data-status={job.status}>
      <header>
        <h3>
          <Link to={`jobs/${job.id}`} className="title">
            <Breaks text={job.title} />
          </Link>
        </h3>
        <JobActions job={job} verbs={["resume", "pause", "cancel"]} />
      </header>
      {(job.request || job.status !== "running") && <p className="request">{job.sentence}</p>}
      <Phases progress={progress} />
      <ProgressBar job={job} />
      <Figures progress={progress} idle={still} />
      {(progress.phase || progress.current_path || progress.message) && (
        <p className="doing">{progress.current_path ? <PathText path={progress.current_path} /> : progress.message || "\u00a0"}</p>
      )}
      <footer>
        <span className="quiet">
          {still ? "Holds still until there is room on the library's disk" : seconds === null ? "Begins" : `Runs for ${duration(seconds)}`}
          {job.attempt > 1 && `, begun ${counted(job.attempt, "time")}`}
        </span>
        {job.trouble && <span className="trouble">{job.trouble}</span>}
        <Commands
          commands={[
            ["Pause", jobCommand(job, "pause")],
            ["Cancel", jobCommand(job, "cancel")],
            ["Watch", looking(job, "watch")],
          ]}
        />
      </footer>
    </article>
  );
}
