/** The jobs that a job has spawned, as a tree that opens where one looks. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { children } from "../api/queries";
import type { Job, JobDetails } from "../api/schema";
import { Breaks } from "../components/breaks";
import { Section } from "../components/section";
import { Link } from "../routing";
import { counted } from "../words";

const MOST = 100;

export function Family({ job }: { readonly job: JobDetails }) {
  const { data } = useQuery(children(job.id));
  const jobs = data?.jobs ?? [];
  if (jobs.length === 0) return null;
  return (
    <Section title="Its parts" aside={<p className="quiet">{counted(jobs.length, "job")}</p>}>
      <Tree jobs={jobs} />
    </Section>
  );
}

function Tree({ jobs }: { readonly jobs: readonly Job[] }) {
  return (
    <ul className="tree">
      {jobs.slice(0, MOST).map((job) => (
        <Branch key={job.id} job={job} />
      ))}
      {jobs.length > MOST && <li className="quiet">And {counted(jobs.length - MOST, "more job")}.</li>}
    </ul>
  );
}

function Branch({ job }: { readonly job: Job }) {
  const [open, setOpen] = useState(false);
  const { data } = useQuery({ ...children(job.id), enabled: open });
  return (
    <li data-job={job.id}>
      <div className="branch">
        <button
          type="button"
          className="plain fold"
          aria-expanded={open}
          aria-label={`Parts of ${job.title}`}
          onClick={() => setOpen(!open)}
        >
          {open ? "▾" : "▸"}
        </button>
        <span className="dot" data-state={job.status} aria-hidden="true" />
        <Link to={`jobs/${job.id}`} className="title">
          <Breaks text={job.title} />
        </Link>
        <span className="quiet">
          {job.sentence} {job.progress.percent}
        </span>
      </div>
      {open && data && (data.jobs.length > 0 ? <Tree jobs={data.jobs} /> : <p className="quiet leaf">It has no parts of its own.</p>)}
    </li>
  );
}
