/** The end of what the job's code has logged, with a search. */

import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { looking } from "../api/commands";
import { log } from "../api/queries";
import type { JobDetails } from "../api/schema";
import { CommandLine } from "../components/command";
import { Failed, Nothing, Section } from "../components/section";
import { clockTime, counted } from "../words";

const MOST = 500;
/** Pixels from its end within which the list follows what is added. */
const NEAR = 24;

export function LogTail({ job }: { readonly job: JobDetails }) {
  const { data, error } = useQuery(log(job.id));
  const [text, setText] = useState("");
  const sought = useDeferredValue(text.trim().toLowerCase());
  const lines = data?.lines ?? [];
  const found = useMemo(
    () => (data?.lines ?? []).filter((line) => line.message.toLowerCase().includes(sought)).slice(-MOST),
    [data, sought],
  );
  if (!error && lines.length === 0) return null;
  return (
    <Section title="Log">
      {error && <Failed error={error} />}
      <label className="search">
        <span>Search in the log</span>
        <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {sought && (
        <p role="status">
          {counted(found.length, "line")} of {lines.length}.
        </p>
      )}
      {found.length === 0 ? <Nothing>No line says this.</Nothing> : <Lines lines={found} sought={sought} />}
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
