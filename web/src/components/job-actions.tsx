/** The buttons of one job: what may be asked of it now. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Beside, UNDO, VERB_DONE, VERB_WORDS, type Verb, ask, placeJob, setPriority } from "../api/actions";
import { jobCommand } from "../api/commands";
import type { Job } from "../api/schema";
import { useMay } from "../role";
import { goTo } from "../routing";
import { Act } from "./act";
import { useNotices } from "./notices";
import { standing } from "./placing";

/** Ask something of a job, say that it was done, and offer the way back. */
export function useAsk(): (job: Job, verb: Verb) => Promise<Job | null> {
  const client = useQueryClient();
  const notices = useNotices();
  /** Beside the same job of its priority; where there is none in sight, that alone says where it was. */
  async function putBack(job: Job, where: Beside | null): Promise<void> {
    try {
      await (where ? placeJob(client, job, where) : setPriority(client, job, job.priority));
      void client.invalidateQueries({ queryKey: ["jobs", "line"] });
    } catch (error) {
      notices.fail(error);
    }
  }
  return async function asked(job, verb) {
    try {
      const origin = verb === "front" ? standing(client, job) : null;
      const answer = await ask(client, job, verb);
      const back = UNDO[verb];
      const subject = verb === "retry" ? answer : job;
      const asBefore = back && (() => void asked(verb === "cancel" ? { ...job, can: ["retry"] } : answer, back));
      notices.say({
        text: `${job.title} ${VERB_DONE[verb]}.`,
        command: jobCommand(job, verb),
        undo: verb === "front" ? () => void putBack(job, origin) : asBefore,
      });
      return subject;
    } catch (error) {
      notices.fail(error);
      return null;
    }
  };
}

interface JobActionsProps {
  readonly job: Job;
  /** Those that are shown, where they may be asked; all but `abort` unless given. */
  readonly verbs?: readonly Verb[];
  readonly follow?: boolean;
  readonly small?: boolean;
}

const USUAL: readonly Verb[] = ["resume", "pause", "front", "retry", "cancel"];

/** Two that take each other's place are one button to whoever has the focus on it. */
const PLACE: Readonly<Partial<Record<Verb, string>>> = { pause: "pause or resume", resume: "pause or resume" };

export function JobActions({ job, verbs = USUAL, follow = false, small = false }: JobActionsProps) {
  const asked = useAsk();
  const [busy, setBusy] = useState(false);
  const may = useMay();
  const possible = verbs.filter((verb) => job.can.includes(verb));
  if (!may || possible.length === 0) return null;
  async function doIt(verb: Verb): Promise<void> {
    setBusy(true);
    const answer = await asked(job, verb);
    setBusy(false);
    if (answer && verb === "retry" && follow) goTo(`jobs/${answer.id}`);
  }
  return (
    <div className={small ? "actions small" : "actions"}>
      {possible.map((verb) => (
        <Act
          key={PLACE[verb] ?? verb}
          data-verb={verb}
          busy={busy}
          title={jobCommand(job, verb) ?? undefined}
          aria-label={`${wordFor(job, verb)}: ${job.title}`}
          onPress={() => void doIt(verb)}
        >
          {wordFor(job, verb)}
        </Act>
      ))}
    </div>
  );
}

/** A job that completed is done again only for what failed. */
export function wordFor(job: Job, verb: Verb): string {
  if (verb !== "retry") return VERB_WORDS[verb];
  if (job.status === "completed") return "Retry what failed";
  return job.status === "failed" ? "Try again" : "Do it after all";
}
