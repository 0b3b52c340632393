/** What runs now, a card for each. */

import { useQuery } from "@tanstack/react-query";
import { jobCommand, looking } from "../api/commands";
import { running } from "../api/queries";
import type { Job } from "../api/schema";
import { Commands } from "../components/command";
import { JobActions } from "../components/job-actions";
import { Figures, PathText, Phases, ProgressBar } from "../components/progress";
import { Failed, Nothing, Section } from "../components/section";
import { Link } from "../routing";
import { counted } from "../words";

const MOST = 30;

export function Running() {
  const { data, error, refetch } = useQuery(running);
  const jobs = data?.jobs ?? [];
  return (
    <Section title="Running">
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {data && jobs.length === 0 && <Nothing>Nothing runs now.</Nothing>}
      {jobs.slice(0, MOST).map((job) => (
        <RunningCard key={job.id} job={job} />
      ))}
      {jobs.length > MOST && <p className="quiet">And {counted(jobs.length - MOST, "more job")}.</p>}
    </Section>
  );
}

function RunningCard({ job }: { readonly job: Job }) {
  const { progress } = job;
  return (
    <article className="card" data-job={job.id} data-status={job.status}>
      <header>
        <h3>
          <Link to={`jobs/${job.id}`} className="title">
            {job.title}
          </Link>
        </h3>
        <JobActions job={job} verbs={["resume", "pause", "cancel"]} />
      </header>
      {(job.request || job.status !== "running") && <p className="request">{job.sentence}</p>}
      <Phases progress={progress} />
      <ProgressBar job={job} />
      <Figures progress={progress} />
      <p className="doing">
        {progress.current_path ? <PathText path={progress.current_path} /> : progress.message || " "}
      </p>
      <footer>
        <span className="quiet">
          Runs for {job.took || "a moment"}
          {job.attempt > 1 && `, attempt ${job.attempt}`}
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
