/** Keys. Each presses a button or follows a link that is there for the mouse as well. */

import { useEffect, useRef } from "react";
import { useNotices } from "./components/notices";
import { goTo } from "./routing";
import { shortcutsOn } from "./settings";

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["j / k", "Next job, job before"],
  ["Enter", "Open the job"],
  ["p", "Pause it, or let it go on"],
  ["f", "Put it first"],
  ["Space", "On its dots: pick it up, put it elsewhere in line with the arrows, put it down"],
  ["r", "Do it again"],
  ["x", "Cancel it"],
  ["u", "Undo the last action"],
  ["n", "New job"],
  ["/", "Search"],
  ["g then j", "To the jobs"],
  ["g then h", "To the history"],
  ["g then l", "To the library"],
  ["g then w", "To what waits"],
  ["?", "This list"],
];

const PLACES: Readonly<Record<string, string>> = { j: "", h: "history", l: "library", w: "waiting" };
const VERBS: Readonly<Record<string, readonly string[]>> = { p: ["pause", "resume"], f: ["front"], r: ["retry"], x: ["cancel"] };
const SECOND_KEY = 1_200;

export function useShortcuts(onHelp: () => void): void {
  const notices = useNotices();
  const help = useRef(onHelp);
  help.current = onHelp;
  useEffect(() => {
    let going = Number.NEGATIVE_INFINITY;
    function pressed(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (!shortcutsOn() && event.key !== "?") return;
      if (document.querySelector("dialog[open]") && event.key !== "?") return;
      const went = performance.now() - going < SECOND_KEY ? PLACES[event.key] : undefined;
      going = event.key === "g" ? performance.now() : Number.NEGATIVE_INFINITY;
      if (went !== undefined) goTo(went);
      else if (!act(event.key)) return;
      event.preventDefault();
    }
    function act(key: string): boolean {
      if (key === "?") help.current();
      else if (key === "u") notices.undoLast();
      else if (key === "n") goTo("new");
      else if (key === "/") return focusSearch();
      else if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
      else return press(VERBS[key] ?? []);
      return true;
    }
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [notices]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLElement>("input[type=search]");
  if (field) field.focus();
  else {
    goTo("history");
    // After the page has brought the focus to its new part.
    window.setTimeout(() => document.querySelector<HTMLElement>("input[type=search]")?.focus());
  }
  return true;
}

/** To the link of the job before or after the one that has the focus. */
function step(by: 1 | -1): boolean {
  const links = [...document.querySelectorAll<HTMLElement>("[data-job] a.title")];
  if (links.length === 0) return false;
  const now = document.activeElement?.closest("[data-job]");
  const at = links.findIndex((link) => link.closest("[data-job]") === now);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next]?.focus();
  links[next]?.scrollIntoView({ block: "nearest" });
  return true;
}

/** The button of the job that has the focus; on a job's own page, of that job. */
function press(verbs: readonly string[]): boolean {
  const job = document.activeElement?.closest("[data-job]") ?? document.querySelector("[data-job][data-whole]");
  for (const verb of verbs) {
    const button = job?.querySelector<HTMLButtonElement>(`button[data-verb="${verb}"]:not([aria-disabled=true])`);
    if (!button) continue;
    button.click();
    return true;
  }
  return false;
}
