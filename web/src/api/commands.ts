/** The command line's word for each thing that the page does. */

import type { BulkVerb, Verb } from "./actions";
import type { JobFilter } from "./queries";
import type { Job, Location, Question, ScheduleRule } from "./schema";

/** What a terminal would act on or hide. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** One word for a POSIX shell; where characters in it are not seen, for Bash, zsh and the like, which take `$'\n'`. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (UNSEEN.test(text)) return `$'${[...text].map(spelled).join("")}'`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function spelled(character: string): string {
  if (UNSEEN.test(character)) return [...new TextEncoder().encode(character)].map(byte).join("");
  return character === "'" || character === "\\" ? `\\${character}` : character;
}

function byte(value: number): string {
  return `\\x${value.toString(16).padStart(2, "0")}`;
}

/** A path as a word, also one that is no text. */
function pathWord(path: unknown): string {
  if (typeof path === "string") return shellWord(path);
  const text = atob((path as { readonly bytes: string }).bytes);
  return `$'${[...text].map((one) => (one < " " || one > "~" ? byte(one.charCodeAt(0)) : spelled(one))).join("")}'`;
}

export function commandLine(...words: readonly string[]): string {
  return ["sdjobs", ...LIBRARY, ...words].map(shellWord).join(" ");
}

/** Of a command that needs to know the kinds of jobs. */
function commandWithKinds(...words: readonly string[]): string {
  return commandLine(...CODE, ...words);
}

/** What the server has put into the page: how a command means this library, and finds its kinds of jobs. */
function told(name: string): readonly string[] {
  return JSON.parse(document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "[]");
}

const LIBRARY = told("sdjobs-library");
const CODE = told("sdjobs-code");

export function jobCommand(job: Pick<Job, "short_id">, verb: Verb): string {
  return verb === "front" ? placeCommand(job, "--now") : commandLine("jobs", verb, job.short_id);
}

export function placeCommand(job: Pick<Job, "short_id">, ...where: readonly string[]): string {
  return commandLine("jobs", "place", job.short_id, ...where);
}

export function looking(job: Pick<Job, "short_id">, what: "show" | "items" | "logs" | "explain" | "watch"): string {
  return commandLine("jobs", what, job.short_id);
}

export function filterCommand(verb: BulkVerb, meant: JobFilter): string {
  const words = ["jobs", verb];
  if (meant.kind) words.push("--kind", meant.kind);
  for (const status of meant.statuses) words.push("--status", status);
  if (meant.text) words.push("--text", meant.text);
  if (meant.createdFrom) words.push("--since", meant.createdFrom);
  return commandLine(...words, ...(words.length === 2 ? ["--all"] : []));
}

export function answerCommand(question: Question, answer: string, forAll: boolean): string {
  return commandLine("jobs", "answer", question.id.slice(0, 8), answer, ...(forAll ? ["--for-all"] : []));
}

export function runCommand(kind: string, values: Readonly<Record<string, unknown>>, priority = 0): string {
  return commandWithKinds("run", kind, "--args", JSON.stringify(values), ...ranked(priority), "--detach");
}

function ranked(priority: number | null | undefined): readonly string[] {
  return priority ? ["--priority", String(priority)] : [];
}

/** What stores a schedule, or changes the one of this name. */
export function addScheduleCommand(name: string, rule: ScheduleRule): string {
  const words = ["schedule", "add", rule.kind, "--args", JSON.stringify(rule.arguments ?? {}), ...timesOf(rule.when)];
  if (name !== rule.kind) words.push("--id", name);
  words.push(...ranked(rule.priority));
  if (typeof rule.misfire === "object") words.push("--misfire", `all:${rule.misfire.all}`);
  else if (rule.misfire && rule.misfire !== "once") words.push("--misfire", rule.misfire);
  if (rule.overlap && rule.overlap !== "skip") words.push("--overlap", rule.overlap);
  if (rule.jitter_seconds) words.push("--jitter", `${rule.jitter_seconds}s`);
  return commandWithKinds(...words);
}

const CALENDAR = { days: "--daily", weeks: "--weekly", months: "--monthly" } as const;

function timesOf(when: ScheduleRule["when"]): readonly string[] {
  switch (when.rule) {
    case "every":
      return ["--every", `${when.seconds}s`];
    case "once":
      return ["--at", when.at];
    case "cron":
      return ["--cron", when.expression, ...zoned(when.tz)];
    case "calendar": {
      const count = when.count ?? 1;
      return [CALENDAR[when.unit], when.at, ...(count > 1 ? ["--count", String(count)] : []), ...zoned(when.tz)];
    }
  }
}

function zoned(tz: string | null | undefined): readonly string[] {
  return tz ? ["--tz", tz] : [];
}

export function scheduleCommand(id: string, verb: "run" | "pause" | "resume" | "show" | "remove"): string {
  return commandLine("schedule", verb, id);
}

/** Of all kinds, or of one. */
export function queueCommand(verb: "pause" | "resume" | "show", kind?: string): string {
  return commandLine("queue", verb, ...(kind === undefined ? [] : [kind]));
}

export function workerCommand(): string {
  return commandWithKinds("worker");
}

export function indexCommand(folder: Location): string {
  return `${commandLine("index")} ${pathWord(folder.path)}`;
}

/** `limit`: as many as the page shows. */
export function searchCommand(text: string, limit: number): string {
  const words = text.split(/\s+/).filter(Boolean);
  return commandLine("search", "--limit", String(limit), ...(words.some((word) => word.startsWith("-")) ? ["--"] : []), ...words);
}

export function filesCommand(view: "largest" | "recent" | "duplicates", limit: number): string {
  return commandLine(view, ...(view === "duplicates" ? ["--known"] : ["--limit", String(limit)]));
}
