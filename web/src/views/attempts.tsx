/** How often it was begun, and what ended each try; and every change in order. */

import { useQuery } from "@tanstack/react-query";
import { attempts, events } from "../api/queries";
import type { Attempt, JobDetails } from "../api/schema";
import { Section } from "../components/section";
import { useNow } from "../clock";
import { capital, clockTime, exactly, sentence, shownLines, when } from "../words";

const WORDS: Readonly<Record<Attempt["outcome"], string>> = {
  failed: "it failed",
  cancelled: "it was cancelled",
  paused: "it was paused",
  interrupted: "it was interrupted, and went on later",
  snoozed: "it waited for something",
  crashed: "its process died",
};

export function Attempts({ job }: { readonly job: JobDetails }) {
  const tries = useQuery(attempts(job.id)).data?.attempts ?? [];
  const changes = useQuery(events(job.id)).data?.events ?? [];
  const now = useNow();
  if (tries.length === 0 && changes.length === 0) return null;
  return (
    <Section title="Course">
      {tries.length > 0 && (
        <ol className="attempts">
          {tries.map((one) => (
            <li key={one.attempt} value={one.attempt}>
              {sentence(
                `${when(one.ended_at, now)}: ${WORDS[one.outcome]}${one.reason && one.reason !== one.outcome ? ` (${one.reason})` : ""}`,
              )}
              {one.error_traceback && (
                <details>
                  <summary>Where in the code</summary>
                  {/* biome-ignore lint: a scrolling region must be reachable by keys */}
                  <pre tabIndex={0}>{shownLines(one.error_traceback)}</pre>
                </details>
              )}
            </li>
          ))}
        </ol>
      )}
      <details className="changes">
        <summary>Every change</summary>
        <ol>
          {changes.map((change) => (
            <li key={change.seq}>
              <time className="quiet" dateTime={change.at} title={exactly(change.at)}>
                {clockTime(change.at)}
              </time>{" "}
              {capital(change.sentence)}
            </li>
          ))}
        </ol>
      </details>
    </Section>
  );
}
