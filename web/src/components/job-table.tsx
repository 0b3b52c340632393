/** Jobs as rows. A long list is virtual: only what can be seen is in the document. */

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Job } from "../api/schema";
import { Link } from "../routing";
import { ago, exactly } from "../words";
import { useNow } from "../clock";
import { Breaks } from "./breaks";
import { JobActions } from "./job-actions";
import type { Verb } from "../api/actions";

export interface Columns {
  /** What stands over the reason and over the time. */
  readonly why: string;
  readonly when: string;
  readonly verbs: readonly Verb[];
  readonly moment: (job: Job) => string;
  readonly said: (job: Job) => ReactNode;
}

interface JobTableProps {
  readonly label: string;
  readonly jobs: readonly Job[];
  readonly columns: Columns;
  /** How many there are in all, where not all are loaded. */
  readonly total?: number;
}

export function JobTable({ label, jobs, columns, total }: JobTableProps) {
  return (
    <div role="table" className="jobs" data-few-actions={columns.verbs.length === 1 || undefined} aria-label={label} aria-rowcount={(total ?? jobs.length) + 1}>
      <Heading columns={columns} />
      <div role="rowgroup">
        {jobs.map((job, place) => (
          <JobRow key={job.id} job={job} columns={columns} place={place} />
        ))}
      </div>
    </div>
  );
}

interface LongTableProps extends JobTableProps {
  readonly total: number;
  /** Called with the last row that is seen, to load what is missing. */
  readonly onSeen: (last: number) => void;
}

const ROW_HEIGHT = 60;

export function LongJobTable({ label, jobs, columns, total, onSeen }: LongTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(box.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: Math.max(total, jobs.length),
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    scrollMargin: top,
    getItemKey: (place) => jobs[place]?.id ?? place,
  });
  const seen = rows.getVirtualItems();
  const last = seen[seen.length - 1]?.index ?? 0;
  useEffect(() => onSeen(last), [last, onSeen]);
  return (
    <div role="table" className="jobs" data-few-actions={columns.verbs.length === 1 || undefined} aria-label={label} aria-rowcount={total + 1}>
      <Heading columns={columns} />
      <div role="rowgroup" ref={box} className="long" style={{ height: rows.getTotalSize() }}>
        {seen.map((row) => {
          const job = jobs[row.index];
          return (
            <div
              key={row.key}
              role="presentation"
              ref={rows.measureElement}
              data-index={row.index}
              className="placed"
              style={{ transform: `translateY(${row.start - top}px)` }}
            >
              {job ? <JobRow job={job} columns={columns} place={row.index} /> : <div className="absent" />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Heading({ columns }: { readonly columns: Columns }) {
  return (
    <div role="rowgroup" className="heading">
      <div role="row" aria-rowindex={1}>
        <span role="columnheader">Job</span>
        <span role="columnheader">{columns.why}</span>
        <span role="columnheader">{columns.when}</span>
        <span role="columnheader">
          <span className="unseen">Actions</span>
        </span>
      </div>
    </div>
  );
}

interface RowProps {
  readonly job: Job;
  readonly columns: Columns;
  readonly place: number;
}

/** Not drawn again while the list is only scrolled. */
const JobRow = memo(function JobRow({ job, columns, place }: RowProps) {
  const now = useNow();
  const moment = columns.moment(job);
  return (
    <div role="row" className="row" aria-rowindex={place + 2} data-job={job.id} data-status={job.status}>
      <div role="cell" className="what">
        <span className="dot" data-state={job.status} aria-hidden="true" />
        <Link to={`jobs/${job.id}`} className="title">
          <Breaks text={job.title} />
        </Link>
      </div>
      <div role="cell" className="why">
        {columns.said(job)}
      </div>
      <div role="cell" className="when">
        <time dateTime={moment} title={exactly(moment)}>
          {ago(moment, now)}
        </time>
      </div>
      <div role="cell" className="do">
        <JobActions job={job} verbs={columns.verbs} small />
      </div>
    </div>
  );
});
