// Every command that the page can show, as JSON: what each function of `web/src/api/commands.ts` makes of what the page
// may give it.
//
//     node page_commands.mjs COMMANDS VERBS BULK_VERBS

import { pathToFileURL } from "node:url";

// Where the page is read, for what the server has put into it: nothing beside the commands' own words.
globalThis.document = { querySelector: () => null };

const [path, verbs, bulkVerbs] = process.argv.slice(2);
const commands = await import(pathToFileURL(path).href);

const job = { short_id: "3f2a91bc" };
const question = { id: "01890000000070008000000000000001" };
const meant = [
  { statuses: [], kind: "", text: "" },
  { statuses: ["queued", "paused"], kind: "file_copy", text: "" },
  { statuses: ["failed"], kind: "", text: "it's \"summer\" $HOME", createdFrom: "2026-11-24T23:00:00.000Z" },
];
const times = [
  { rule: "every", seconds: 21600 },
  { rule: "cron", expression: "0 3 * * *", tz: "Europe/Berlin" },
  { rule: "calendar", unit: "days", count: 1, at: "03:00", tz: null },
  { rule: "calendar", unit: "weeks", count: 2, at: "03:00", tz: "UTC" },
  { rule: "calendar", unit: "months", at: "03:00" },
  { rule: "once", at: "2031-12-24T18:00:00.000Z" },
];
const rules = times.map((when, place) => ({
  kind: "file_copy",
  arguments: { sources: ["/photos/a b"], destination: "/backup" },
  when,
  priority: place % 2 ? 10 : 0,
  misfire: ["once", "skip", { all: 7 }][place % 3],
  overlap: ["skip", "queue", "replace"][place % 3],
  jitter_seconds: place * 30,
}));

const given = {
  jobCommand: verbs.split(",").map((verb) => [job, verb]),
  looking: ["show", "items", "logs", "explain", "watch"].map((what) => [job, what]),
  filterCommand: bulkVerbs.split(",").flatMap((verb) => meant.map((one) => [verb, one])),
  answerCommand: [
    [question, "skip", true],
    [question, "any text", false],
  ],
  runCommand: [
    ["file_copy", { sources: ["/photos"], destination: "/backup" }],
    ["indexer", { root: "/photos" }, -10],
  ],
  addScheduleCommand: rules.map((rule, place) => [place ? "by night" : "file_copy", rule]),
  scheduleCommand: ["run", "pause", "resume", "show", "remove"].map((verb) => ["by night", verb]),
  queueCommand: [["pause", "file_copy"], ["pause"], ["resume"], ["show"]],
  workerCommand: [[]],
  indexCommand: [[{ path: "/photos/a b" }]],
  searchCommand: [["summer beach", 200], ["-summer beach", 200]],
  filesCommand: [["largest", 200], ["recent", 200], ["duplicates", 200]],
  // Beside another waiting job, where the page has that.
  placeCommand: [
    [job, "--first"],
    [job, "--before", "91bc3f2a"],
    [job, "--after", "91bc3f2a"],
  ],
};

const MAKE_WORDS = ["shellWord", "commandLine"];
const functions = Object.keys(commands).filter((name) => !MAKE_WORDS.includes(name));
const unknown = functions.filter((name) => !(name in given));
const lines = functions.flatMap((name) => (given[name] ?? []).map((values) => [name, commands[name](...values)]));
console.log(JSON.stringify({ unknown, lines }));
