/** What goes on, in one sentence; how fast; how much room is left; and the switch for all of it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { pauseQueue, resumeQueue } from "../api/actions";
import { queueCommand } from "../api/commands";
import { kinds, overview } from "../api/queries";
import type { Disk, Overview } from "../api/schema";
import { Act } from "../components/act";
import { Commands } from "../components/command";
import { useNotices } from "../components/notices";
import { Failed } from "../components/section";
import { kindName } from "../kinds";
import { useMay } from "../role";
import { sentence, size } from "../words";
import { Throughput } from "./throughput";

export function Hero() {
  const { data, error, refetch } = useQuery(overview);
  if (error && !data) {
    return (
      <div className="hero">
        <h1>Jobs</h1>
        <Failed error={error} again={() => void refetch()} />
      </div>
    );
  }
  return (
    <div className="hero">
      <div className="said">
        <h1>{data ? <Clauses text={data.sentence} /> : "…"}</h1>
        {data && <PauseAll overview={data} />}
        {data && <PausedKinds overview={data} />}
      </div>
      <div className="facts">
        <Throughput />
        {data && <Disks disks={data.disks} />}
      </div>
    </div>
  );
}

/** A line breaks between clauses rather than between a number and its word. */
function Clauses({ text }: { readonly text: string }) {
  return text.split(/(?<=[,:;]) /).map((clause, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have no other name than their place
    <span key={place}>
      {place > 0 && " "}
      <span className="clause">{clause}</span>
    </span>
  ));
}

function PauseAll({ overview: { paused_queues } }: { readonly overview: Overview }) {
  const client = useQueryClient();
  const notices = useNotices();
  const may = useMay();
  const [busy, setBusy] = useState(false);
  const paused = paused_queues.find((queue) => queue.kind === null);
  async function turn(pause: boolean): Promise<void> {
    setBusy(true);
    try {
      await (pause ? pauseQueue() : resumeQueue());
      void client.invalidateQueries();
      const text = pause ? "Nothing new starts; what runs stops at its next safe point." : "Jobs run again.";
      const command = queueCommand(pause ? "pause" : "resume");
      notices.say({ text, command, undo: () => void turn(!pause) });
    } catch (error) {
      notices.fail(error);
    }
    setBusy(false);
  }
  if (!may) return null;
  return (
    <div className="pause-all">
      <Act className={paused ? "strong" : ""} busy={busy} onPress={() => void turn(!paused)}>
        {paused ? "Go on with everything" : "Pause everything"}
      </Act>
      {paused?.reason && <p className="quiet">{sentence(paused.reason)}</p>}
      <Commands
        commands={[
          ["Pause everything", queueCommand("pause")],
          ["Go on", queueCommand("resume")],
          ["Look", queueCommand("show")],
        ]}
      />
    </div>
  );
}

/** Kinds whose jobs wait because somebody paused them, each with its reason and its way back. */
function PausedKinds({ overview: { paused_queues } }: { readonly overview: Overview }) {
  const client = useQueryClient();
  const notices = useNotices();
  const may = useMay();
  const known = useQuery(kinds).data?.kinds ?? [];
  async function goOn(kind: string, name: string): Promise<void> {
    try {
      await resumeQueue(kind);
      notices.say({ text: `“${name}” goes on.`, command: queueCommand("resume", kind) });
    } catch (error) {
      notices.fail(error);
    }
    void client.invalidateQueries();
  }
  const paused = paused_queues.flatMap(({ kind, reason }) => (kind === null ? [] : [{ kind, reason }]));
  if (paused.length === 0) return null;
  return (
    <ul className="paused-kinds" aria-label="Kinds that are paused">
      {paused.map(({ kind, reason }) => {
        const found = known.find((one) => one.kind === kind);
        const name = found ? kindName(found) : kind;
        return (
          <li key={kind}>
            <span>
              <strong>“{name}” is paused</strong>
              {sentence(reason.replace(`kind ${kind} is paused`, "")) || "."}
            </span>
            {may && (
              <Act
                className="small"
                title={queueCommand("resume", kind)}
                aria-label={`Go on: ${name}`}
                onPress={() => void goOn(kind, name)}
              >
                Go on
              </Act>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Disks({ disks }: { readonly disks: readonly Disk[] }) {
  if (disks.length === 0) return null;
  return (
    <ul className="disks" aria-label="Disks">
      {disks.map((disk) => (
        <li key={disk.shown} data-full={isNearlyFull(disk) || undefined}>
          <span className="disk-bar" aria-hidden="true">
            <span style={{ transform: `scaleX(${1 - disk.free / Math.max(disk.total, 1)})` }} />
          </span>
          <span>
            <strong>{size(disk.free)} free</strong> <span className="quiet">on the disk of {disk.shown}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Where there is no room for the state of jobs: all that run hold still. */
export function isFull(known: Overview): boolean {
  return known.runners.some((runner) => runner.state === "no_space");
}

export function isNearlyFull(disk: Disk): boolean {
  return disk.free < disk.total * 0.02 || disk.free < 200e6;
}
