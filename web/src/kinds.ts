/** Kinds of jobs and their arguments in words. What is not listed here (a kind of an application's own) is shown by its name. */

import type { Kind } from "./api/schema";
import { capital, humanised } from "./words";

export interface Group {
  readonly title: string;
  readonly kinds: readonly string[];
}

export const GROUPS: readonly Group[] = [
  { title: "Files", kinds: ["file_copy", "file_move", "file_delete", "transcode"] },
  { title: "Safe elsewhere", kinds: ["backup", "restore", "backup_verify", "upload", "download"] },
  {
    title: "Your library",
    kinds: [
      "indexer",
      "thumbnails",
      "media_metadata",
      "duplicates",
      "deduplicate",
      "validate",
      "index_verify",
      "hash",
      "hash_check",
      "cleanup",
    ],
  },
  { title: "What would be done", kinds: ["copy_plan", "delete_plan", "upload_plan", "backup_plan"] },
];

/** What a kind is for, in a line. */
export const PURPOSE: Readonly<Record<string, string>> = {
  file_copy: "Every copy is whole, and checked if you like.",
  file_move: "A source goes only when its copy is safe.",
  file_delete: "Into the trash, unless you say for good.",
  transcode: "Into another format.",
  backup: "Index, thumbnails and a checked copy in one.",
  restore: "Bring back what was backed up.",
  backup_files: "Into a backup that is there, without looking at the others.",
  backup_verify: "Whether what was backed up is still whole.",
  upload: "To S3 and the like.",
  download: "From S3 and the like.",
  indexer: "So that files can be searched and compared.",
  thumbnails: "Small pictures, made once for each photo.",
  media_metadata: "When, where and with what a picture was taken.",
  duplicates: "Files that hold the very same thing.",
  deduplicate: "Of files that are the same, keep one; or let them share their room.",
  validate: "Files that changed although nobody touched them.",
  index_verify: "Lists each difference, changes nothing.",
  hash: "A fingerprint of what each file holds.",
  hash_check: "Whether files still have their fingerprints.",
  cleanup: "What jobs have left behind.",
  copy_plan: "What a copy or a move would do; nothing is changed.",
  delete_plan: "What a deletion would do; nothing is changed.",
  upload_plan: "What an upload would send; nothing is sent.",
  backup_plan: "What a backup would do; nothing is changed.",
};

/** Arguments that programs give, and no person. */
const UNASKED: ReadonlySet<string> = new Set(["located", "only", "before"]);

const LABELS: Readonly<Record<string, string>> = {
  sources: "What",
  source: "What",
  destination: "Where to",
  to: "Where to",
  paths: "Which files and folders",
  locations: "Which folders",
  root: "Which folder",
  on_conflict: "If a file is there already",
  verify: "Read back and compare",
  durable: "Wait until it is safely on the disk",
  permanent: "Delete for good, not into the trash",
  thumbnails: "Make thumbnails too",
  mode: "What is read of each file",
  scope: "How deep",
  hidden: "Leave hidden files out",
  development: "Leave out what developers' tools make",
  system: "Leave out what the system makes",
  gitignore: "Leave out what .gitignore names",
  exclude: "Leave these out",
  quick: "Trust the times of folders: faster, and misses what was changed inside a file",
  library: "The library itself too",
  snapshot: "Which backup, if not the latest",
  action: "What to do with the others",
  keep: "Which one to keep",
  prefer: "Folders whose files are rather kept",
  lose_metadata: "Even where times, owners or rights differ",
  manifest: "The list of fingerprints",
  overwrite: "Replace a list that is there",
  folders: "Which folders",
  plan: "Only list it, remove nothing",
  unknown_days: "Leave alone what is younger than so many days",
  moving: "For a move",
  replaced: "The folder was moved or emptied on purpose",
  sizes: "Sizes, in pixels",
  redo: "Which ones",
  seconds: "Give up on one after so many seconds",
  megapixels: "Leave out pictures above so many megapixels",
  memory: "Memory that one may take, in bytes",
  least: "Smallest size, in bytes",
  preset: "Format",
};

const CHOICES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  on_conflict: {
    skip: "Leave the one that is there",
    overwrite: "Replace it",
    rename: "Keep both; the new one gets another name",
    newer: "Replace it if the new one is newer",
    ask: "Ask me",
  },
  mode: { shallow: "Names, sizes and times", content: "Also what it holds", deep: "Also what can be told of pictures" },
  scope: { recursive: "The folder and all below", current: "Only the folder itself" },
  redo: { missing: "Those that were not done yet", failed: "Those that failed before", all: "All, once more" },
  action: { trash: "Into the trash", hardlink: "Make them one file under several names", reflink: "Let them share their room on the disk" },
  keep: {
    oldest: "The oldest",
    newest: "The newest",
    first_path: "The first by its path",
    shortest_path: "The one with the shortest path",
    longest_path: "The one with the longest path",
  },
  preset: { h264: "H.264 film", h265: "H.265 film", av1: "AV1 film", vp9: "VP9 film", audio: "Sound alone", mp3: "MP3", flac: "FLAC" },
};

/** Steps of jobs, where their own names are a programmer's. */
const STEPS: Readonly<Record<string, string>> = {
  scan: "Look what there is",
  flush: "Make it safe on the disk",
  hash: "Take fingerprints",
  sample: "Compare beginnings",
  read: "Read all of it",
  plan: "Choose",
  act: "Clear up",
  validate: "Read and compare",
  check: "Read and compare",
};

/** Answers to questions of copies. */
const ANSWERS: Readonly<Record<string, string>> = {
  skip: "Leave the one that is there",
  overwrite: "Replace it",
  rename: "Keep both",
  newer: "Replace if newer",
};

export function kindName(kind: Pick<Kind, "kind" | "description">): string {
  const first = kind.description.split(/\.\s|\n/, 1)[0] ?? "";
  return first && first.length <= 60 ? first.replace(/\.$/, "") : humanised(kind.kind);
}

/** What the index calls the contents of files, as people do. */
const CATEGORIES: Readonly<Record<string, string>> = {
  image: "Pictures",
  video: "Films",
  audio: "Sounds",
  document: "Documents",
  archive: "Archives",
  code: "Source code",
  font: "Fonts",
  book: "Books",
  database: "Databases",
  other: "Others",
};

export function categoryWords(category: string): string {
  return CATEGORIES[category] ?? capital(category);
}

export function stepWords(step: string): string {
  return STEPS[step] ?? capital(step);
}

/** What fields are called here holds for the kinds that are listed here; another's `to` may be no place at all. */
function isOurs(kind: string): boolean {
  return Object.hasOwn(PURPOSE, kind);
}

export function isUnasked(kind: string, field: string): boolean {
  return isOurs(kind) && UNASKED.has(field);
}

/** Arguments that are so many bytes. */
const SIZES: ReadonlySet<string> = new Set(["memory", "least"]);

export function isSize(kind: string, field: string): boolean {
  return isOurs(kind) && SIZES.has(field);
}

export function labelOf(kind: string, field: string): string {
  return (isOurs(kind) ? LABELS[field] : undefined) ?? humanised(field);
}

/** Undefined where it is no choice that is listed here. */
export function knownChoice(kind: string, field: string, choice: string): string | undefined {
  return isOurs(kind) ? CHOICES[field]?.[choice] : undefined;
}

export function choiceWords(kind: string, field: string, choice: string): string {
  return knownChoice(kind, field, choice) ?? humanised(choice);
}

export function answerWords(answer: unknown): string {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  return ANSWERS[text] ?? humanised(text);
}
