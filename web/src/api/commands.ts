/** The command line's word for each thing that the page does. */

import type { Verb } from "./actions";
import type { JobFilter } from "./queries";
import type { Job, Question } from "./schema";

/** One word for a POSIX shell. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function commandLine(...words: readonly string[]): string {
  return ["sdjobs", ...words.map(shellWord)].join(" ");
}

export function jobCommand(job: Pick<Job, "short_id">, verb: Verb): string {
  return verb === "front" ? placeCommand(job, "--first") : commandLine("jobs", verb, job.short_id);
}

export function placeCommand(job: Pick<Job, "short_id">, ...where: readonly string[]): string {
  return commandLine("jobs", "place", job.short_id, ...where);
}

export function looking(job: Pick<Job, "short_id">, what: "show" | "items" | "logs" | "explain" | "watch"): string {
  return commandLine("jobs", what, job.short_id);
}

/** Of a filter by text there is none: null. */
export function filterCommand(verb: string, filter: JobFilter): string | null {
  if (filter.text) return null;
  const words = ["jobs", verb];
  if (filter.kind) words.push("--kind", filter.kind);
  for (const status of filter.statuses) words.push("--status", status);
  return commandLine(...words, ...(words.length === 2 ? ["--all"] : []));
}

export function answerCommand(question: Question, answer: string, forAll: boolean): string {
  return commandLine("jobs", "answer", question.id.slice(0, 8), answer, ...(forAll ? ["--for-all"] : []));
}

export function runCommand(kind: string, values: Readonly<Record<string, unknown>>): string {
  return commandLine("run", kind, "--args", JSON.stringify(values), "--detach");
}
