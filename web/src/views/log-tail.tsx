/** The end of what the job's code has logged, with a search. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { looking } from "../api/commands";
import { LOG_TAILS, log } from "../api/queries";
import type { JobDetails } from "../api/schema";
import { Act } from "../components/act";
import { CommandLine } from "../components/command";
import { Failed, Nothing, Section } from "../components/section";
import { clockTime, counted, number } from "../words";

const MOST = 500;
/** Pixels from its end within which the list follows what is added. */
const NEAR = 24;

export function LogTail({ job }: { readonly job: JobDetails }) {
  const [tail, setTail] = useState<number>(LOG_TAILS[0]);
  const { data, error, isPlaceholderData } = useQuery({ ...log(job.id, tail), placeholderData: keepPreviousData });
  const [text, setText] = useState("");
  // A space at its end counts: `line 12 ` is not `line 123`.
  const sought = useDeferredValue(text.trim() && text.toLowerCase());
  const lines = data?.lines ?? [];
  const found = useMemo(() => (data?.lines ?? []).filter((line) => line.message.toLowerCase().includes(sought)), [data, sought]);
  // There may be earlier ones where as many came as were asked for.
  const whole = lines.length < LOG_TAILS[0] || (!isPlaceholderData && lines.length < tail);
  const all = whole ? number(lines.length) : `the last ${number(lines.length)}`;
  if (!error && lines.length === 0) return null;
  return (
    <Section title="Log">
      {error && <Failed error={error} />}
      <label className="search">
        <span>Search in the log</span>
        <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {(sought || found.length > MOST) && (
        <p role="status">
          {sought && `${counted(found.length, "line")} of ${all}.`}
          {found.length > MOST && (sought ? ` The last ${MOST} of them are shown.` : `The last ${MOST} of ${all} lines are shown.`)}
        </p>
      )}
      {found.length === 0 ? (
        <Nothing>{whole ? "No line says this." : `None of ${all} lines says this.`}</Nothing>
      ) : (
        <Lines lines={found.slice(-MOST)} sought={sought} />
      )}
      {!whole && (tail < LOG_TAILS[1] || isPlaceholderData) && (
        <p>
          <Act className="small" busy={isPlaceholderData} onPress={() => setTail(LOG_TAILS[1])}>
            Search the last {number(LOG_TAILS[1])} lines
          </Act>
        </p>
      )}
      <CommandLine text={looking(job, "logs")} />
    </Section>
  );
}

interface LinesProps {
  readonly lines: readonly { readonly at: string; readonly attempt: number; readonly message: string }[];
  readonly sought: string;
}

function Lines({ lines, sought }: LinesProps) {
  const box = useRef<HTMLOListElement>(null);
  const following = useRef(true);
  useEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  return (
    <ol
      className="log"
      ref={box}
      // biome-ignore lint: a scrolling region must be reachable by keys
      tabIndex={0}
      aria-label="Lines of the log"
      onScroll={({ currentTarget: list }) => {
        following.current = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
      }}
    >
      {lines.map((line, place) => (
        // biome-ignore lint: lines have no name; they are only ever added to
        <li key={place}>
          <time dateTime={line.at}>{clockTime(line.at)}</time>
          <span>{marked(line.message, sought)}</span>
        </li>
      ))}
    </ol>
  );
}

function marked(message: string, sought: string) {
  const at = sought ? message.toLowerCase().indexOf(sought) : -1;
  if (at < 0) return message;
  return (
    <>
      {message.slice(0, at)}
      <mark>{message.slice(at, at + sought.length)}</mark>
      {message.slice(at + sought.length)}
    </>
  );
}
