/** Numbers and times as people read them. What the server says in words is shown as it is. */

const DAY_MS = 86_400_000;
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

const numbers = new Intl.NumberFormat("en-GB");
const timeOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOfMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayAndMonth = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const wholeDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });

export function number(value: number): string {
  return numbers.format(value);
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${number(count)} ${count === 1 ? singular : plural}`;
}

/** `84.1 MB`, in decimal units as the command line. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (unit < UNITS.length - 1 && value >= (unit === 0 ? 1000 : 999.95)) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `just now`, `a moment ago`, `12 min ago`, `today 14:03`, `Mon, 23 Nov, 14:03`. */
export function ago(moment: string, now: number): string {
  const date = new Date(moment);
  const seconds = Math.round((now - date.getTime()) / 1000);
  if (seconds < 10) return "just now";
  if (seconds < 60) return "a moment ago"; // seconds would be wrong until the next tick of the page's clock
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return when(moment, now);
}

/** `today 14:03`, `tomorrow 03:00`, `Mon, 23 Nov, 14:03`. */
export function when(moment: string, now: number): string {
  const date = new Date(moment);
  const days = Math.round((startOfDay(date) - startOfDay(new Date(now))) / DAY_MS);
  const time = timeOfDay.format(date);
  if (days === 0) return `today ${time}`;
  if (days === 1) return `tomorrow ${time}`;
  if (days === -1) return `yesterday ${time}`;
  return Math.abs(days) < 300 ? `${dayAndMonth.format(date)}, ${time}` : `${wholeDate.format(date)}, ${time}`;
}

export function exactly(moment: string): string {
  return exact.format(new Date(moment));
}

/** `26 Nov 15:04`. */
export function dayTime(moment: number): string {
  const date = new Date(moment);
  return `${dayOfMonth.format(date)} ${timeOfDay.format(date)}`;
}

export function clockTime(moment: string | number): string {
  return new Date(moment).toLocaleTimeString("en-GB");
}

/** `9 s`, `1 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 1) return seconds >= 0.1 ? `${seconds.toFixed(1)} s` : "under 0.1 s";
  const total = Math.round(seconds);
  for (const [unit, name, part, partName] of DURATIONS) {
    if (total < unit) continue;
    const rest = Math.floor((total % unit) / part);
    return `${Math.floor(total / unit)} ${name}${rest ? ` ${rest} ${partName}` : ""}`;
  }
  return `${total} s`;
}

const DURATIONS = [
  [86_400, "d", 3_600, "h"],
  [3_600, "h", 60, "min"],
  [60, "min", 1, "s"],
] as const;

/** All of a time that something takes its turn in: `1 h 30 min 30 s`. */
export function span(seconds: number): string {
  let rest = seconds;
  const parts: string[] = [];
  for (const [unit, name] of SPANS) {
    const count = unit === 1 ? Number(rest.toFixed(3)) : Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

const SPANS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

export function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** With a full stop, where it ends without one. */
export function sentence(text: string): string {
  const said = capital(text.trim());
  return said === "" || /[.!?:]$/.test(said) ? said : `${said}.`;
}

/** `on_conflict` and `MaxItems` as words. */
export function humanised(name: string): string {
  return capital(
    name
      .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
      .replaceAll(/[_-]+/g, " ")
      .toLowerCase(),
  );
}

const HOSTILE =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each is meant by itself
  // biome-ignore lint/suspicious/noControlCharactersInRegex: just these must not be shown as they are
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]/gu;

/** What comes raw (a job's arguments, its output), with what could hide or turn text round written as an escape. */
export function shown(text: string): string {
  return text.replaceAll(HOSTILE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** The same for text of several lines, such as where in the code something failed. */
export function shownLines(text: string): string {
  return text.split("\n").map(shown).join("\n");
}

/** The name of a path, and the folder it is in. */
export function split(path: string): readonly [string, string] {
  const at = path.lastIndexOf("/", path.length - 2);
  return at < 0 ? ["", path] : [path.slice(0, at + 1), path.slice(at + 1)];
}
