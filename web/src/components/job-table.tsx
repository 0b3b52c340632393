/** Jobs as rows. A long list is virtual: only what can be seen is in the document. */

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Job } from "../api/schema";
import { Link } from "../routing";
import { ago, exactly } from "../words";
import { useNow } from "../clock";
import { Breaks } from "./breaks";
import { Handle } from "./handle";
import { JobActions } from "./job-actions";
import { type Grip, type Put, isMovable, useMoving } from "./moving";
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
  /** Where rows can be moved: what is done when one was. */
  readonly put?: Put;
}

export function JobTable({ label, jobs, columns, total, put }: JobTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const { shown, held, grip, said } = useMoving(box, jobs, put);
  return (
    <Table label={label} columns={columns} count={total ?? jobs.length} said={put && said}>
      <div role="rowgroup" ref={box}>
        {shown.map((job, place) => (
          <JobRow key={job.id} job={job} columns={columns} place={place} grip={put && grip} held={job.id === held} />
        ))}
      </div>
    </Table>
  );
}

interface LongTableProps extends JobTableProps {
  readonly total: number;
  /** Called with the last row that is seen, to load what is missing. */
  readonly onSeen: (last: number) => void;
}

const ROW_HEIGHT = 60;

export function LongJobTable({ label, jobs: given, columns, total, onSeen, put }: LongTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const { shown: jobs, held, grip, said } = useMoving(box, given, put);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(box.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: Math.max(total, jobs.length),
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    scrollMargin: top,
    getItemKey: useCallback((place: number) => jobs[place]?.id ?? place, [jobs]),
  });
  const seen = rows.getVirtualItems();
  const last = seen[seen.length - 1]?.index ?? 0;
  useEffect(() => onSeen(last), [last, onSeen]);
  return (
    <Table label={label} columns={columns} count={total} said={put && said}>
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
              {job ? (
                <JobRow job={job} columns={columns} place={row.index} grip={put && grip} held={job.id === held} />
              ) : (
                <div className="absent" />
              )}
            </div>
          );
        })}
      </div>
    </Table>
  );
}

interface TableProps {
  readonly label: string;
  readonly columns: Columns;
  readonly count: number;
  readonly said: string | undefined;
  readonly children: ReactNode;
}

function Table({ label, columns, count, said, children }: TableProps) {
  return (
    <>
      {said !== undefined && (
        <div className="unseen" aria-live="assertive">
          {said}
        </div>
      )}
      <div
        role="table"
        className="jobs"
        data-few-actions={columns.verbs.length === 1 || undefined}
        aria-label={label}
        aria-rowcount={count + 1}
      >
        <Heading columns={columns} />
        {children}
      </div>
    </>
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
  /** Where rows can be moved. */
  readonly grip: Grip | undefined;
  readonly held: boolean;
}

/** Not drawn again while the list is only scrolled. */
const JobRow = memo(function JobRow({ job, columns, place, grip, held }: RowProps) {
  const now = useNow();
  const moment = columns.moment(job);
  return (
    <div role="row" className="row" aria-rowindex={place + 2} data-job={job.id} data-status={job.status} data-held={held || undefined}>
      <div role="cell" className="what">
        {grip && (isMovable(job) ? <Handle job={job} grip={grip} held={held} /> : <span className="no-handle" />)}
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
