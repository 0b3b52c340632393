/** What can be asked of jobs, what is said of it, and how it is typed. */

import type { QueryClient } from "@tanstack/react-query";
import { type JobFilter, filterQuery, isLong } from "./queries";
import { get, post } from "./request";
import type { Done, Filter, Job, JobDetails, JobList, Queue } from "./schema";

export type Verb = Job["can"][number];
export type BulkVerb = "pause" | "resume" | "cancel" | "abort" | "retry" | "clear";

export const VERB_WORDS: Readonly<Record<Verb, string>> = {
  pause: "Pause",
  resume: "Resume",
  cancel: "Cancel",
  abort: "Stop at once",
  retry: "Do again",
  front: "First",
};

/** What is said when it was done. */
export const VERB_DONE: Readonly<Record<Verb, string>> = {
  pause: "pauses at its next safe point",
  resume: "goes on",
  cancel: "is cancelled",
  abort: "is stopped",
  retry: "is done again",
  front: "comes first now",
};

/** What takes an action back. */
export const UNDO: Readonly<Partial<Record<Verb, Verb>>> = { pause: "resume", resume: "pause", cancel: "retry" };

export async function ask(client: QueryClient, job: Job, verb: Verb): Promise<Job> {
  const answer = await post<Job>(`jobs/${job.id}/${verb}`);
  lookAgain(client, answer);
  if (verb === "front") void client.invalidateQueries({ queryKey: ["jobs", "line"] });
  return answer;
}

function lookAgain(client: QueryClient, answer: Job): void {
  place(client, answer);
  void client.invalidateQueries({ predicate: (query) => query.queryKey[0] === "jobs" && !isLong(query) });
  void client.invalidateQueries({ queryKey: ["overview"] });
  void client.invalidateQueries({ queryKey: ["job", answer.id] });
}

/** Beside another waiting job, whose priority it takes on. */
export type Beside = { readonly before: Job } | { readonly after: Job };

export async function placeJob(client: QueryClient, job: Job, where: Beside): Promise<Job> {
  const body = "before" in where ? { before: where.before.id } : { after: where.after.id };
  const answer = await post<Job>(`jobs/${job.id}/place`, body);
  lookAgain(client, answer);
  return answer;
}

export async function setPriority(client: QueryClient, job: Job, priority: number): Promise<Job> {
  const answer = await post<Job>(`jobs/${job.id}/priority`, { priority });
  lookAgain(client, answer);
  return answer;
}

/** Put what the server answered into what is shown; the event that follows says the same. */
function place(client: QueryClient, answer: Job): void {
  client.setQueryData<JobDetails>(["job", answer.id], (job) => job && { ...job, ...answer });
  client.setQueryData<JobList>(
    ["jobs", "running"],
    (list) => list && { jobs: list.jobs.map((job) => (job.id === answer.id ? answer : job)) },
  );
}

export async function askAll(verb: BulkVerb, meant: JobFilter): Promise<Done> {
  return post<Done>(`jobs/actions/${verb}`, { filter: bodyOf(meant), everything: isEverything(meant) });
}

/** How many jobs it would be done to, at most. */
export async function countOf(meant: JobFilter): Promise<number> {
  return (await get<Done>("jobs/count", filterQuery(meant))).count;
}

function bodyOf(meant: JobFilter): Partial<Filter> {
  return {
    statuses: [...meant.statuses],
    ...(meant.kind ? { kind: meant.kind } : {}),
    ...(meant.text ? { text: meant.text } : {}),
    ...(meant.createdFrom ? { created_from: meant.createdFrom } : {}),
    ...(meant.retried === undefined ? {} : { retried: meant.retried }),
    ...(meant.failedItems === undefined ? {} : { failed_items: meant.failedItems }),
  };
}

function isEverything(meant: JobFilter): boolean {
  const { statuses, kind, text, createdFrom, retried, failedItems } = meant;
  return statuses.length === 0 && !kind && !text && !createdFrom && retried === undefined && failedItems === undefined;
}

export async function pauseQueue(): Promise<Queue> {
  return post<Queue>("queue/pause", {});
}

/** Of one kind, or of all where none is said. */
export async function resumeQueue(kind?: string): Promise<Queue> {
  return post<Queue>("queue/resume", kind === undefined ? {} : { kind });
}
