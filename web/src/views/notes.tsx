/** Warnings, and errors that did not end the job. */

import { useQuery } from "@tanstack/react-query";
import { notes } from "../api/queries";
import type { JobDetails } from "../api/schema";
import { Section } from "../components/section";
import { clockTime, counted, exactly, sentence } from "../words";

export function Notes({ job }: { readonly job: JobDetails }) {
  const { data } = useQuery({ ...notes(job.id), enabled: job.counters.warnings + job.counters.errors > 0 });
  if (!data || data.notes.length === 0) return null;
  return (
    <Section title="Warnings" aside={<p className="quiet">{counted(data.notes.length, "note")}</p>}>
      <ul className="notes">
        {data.notes.map((note) => (
          <li key={note.seq} data-level={note.level}>
            <time className="quiet" dateTime={note.at} title={exactly(note.at)}>
              {clockTime(note.at)}
            </time>{" "}
            {sentence(note.message)}
          </li>
        ))}
      </ul>
      {data.next && <p className="quiet">There are more; the command line lists them all.</p>}
    </Section>
  );
}
