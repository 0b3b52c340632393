/**
 * What has the focus may go away: a button with what it did, a card with its job. Then the focus goes to what stands in
 * its place, for nobody who works by keys shall begin at the top of the page again.
 */

/** An element with all that it is in, and the place of each among its siblings. */
type Trail = readonly Step[];

interface Step {
  readonly node: Element;
  readonly at: number;
}

const ACTS = "a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea, summary";
/** What is about one thing, and what has a heading. */
const THING = "[data-job], .card, [data-schedule]";
const REGION = "section.part, dialog, .page, .job-page, .library-page, main";
/** What lies above the page for a while: when it goes, the focus goes back to where it was before. */
const ABOVE = "dialog, .notices";
/** Not to be come upon by somebody who presses Enter once too often. */
const FINAL = "[data-verb=cancel], [data-verb=abort], .danger";

/** Begin; answers how to end it. */
export function keepFocus(): () => void {
  let now: Trail = [];
  let below: Trail = [];

  function came({ target }: FocusEvent): void {
    if (!(target instanceof Element)) return;
    const before = now[0]?.node;
    if (target.closest(ABOVE) && before && !before.closest(ABOVE)) below = now;
    now = trailOf(target);
  }

  /** Left on purpose for nothing, as by a click beside everything: then nothing is to be kept. */
  function left({ target, relatedTarget }: FocusEvent): void {
    if (relatedTarget !== null) return;
    queueMicrotask(() => {
      if (isLost() && document.hasFocus() && target === now[0]?.node && isThere(now)) now = [];
    });
  }

  function changed(): void {
    if (!isLost()) {
      now = isThere(now) ? trailOf(now[0]?.node) : now;
      below = isThere(below) ? trailOf(below[0]?.node) : below;
      return;
    }
    if (now.length === 0 || isThere(now)) return;
    const wasAbove = now.some(({ node }) => node.matches(ABOVE));
    const next = (wasAbove && (stillAbove(now) ?? (isThere(below) ? below[0]?.node : successor(below)))) || successor(now);
    focusOn(next);
  }

  const watcher = new MutationObserver(changed);
  watcher.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("focusin", came);
  document.addEventListener("focusout", left);
  return () => {
    watcher.disconnect();
    document.removeEventListener("focusin", came);
    document.removeEventListener("focusout", left);
  };
}

function isLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

function isThere(trail: Trail): boolean {
  return trail[0]?.node.isConnected ?? false;
}

function trailOf(element: Element | undefined): Trail {
  const trail: Step[] = [];
  for (let node = element ?? null; node && node !== document.body; node = node.parentElement) {
    trail.push({ node, at: node.parentElement ? [...node.parentElement.children].indexOf(node) : 0 });
  }
  return trail;
}

/** Within a window or message that is still open. */
function stillAbove(trail: Trail): Element | null {
  return trail.some(({ node }) => node.matches(ABOVE) && node.isConnected) ? successor(trail) : null;
}

/** What stands where the last of a trail stood. */
function successor(trail: Trail): Element | null {
  const gone = trail.findLast(({ node }) => !node.isConnected);
  const box = trail.find(({ node }) => node.isConnected)?.node;
  if (!gone || !box) return document.querySelector("main");
  const alike = [...box.children].filter((one) => one.tagName === gone.node.tagName && !one.matches(FINAL));
  const places = new Map([...box.children].map((one, place) => [one, place]));
  const after = alike.filter((one) => (places.get(one) ?? 0) >= gone.at);
  const before = alike.filter((one) => !after.includes(one)).reverse();
  for (const one of [...after, ...before]) {
    const found = entryOf(one);
    if (found) return found;
  }
  return around(box);
}

/** The thing that it was a part of, or the heading over it. */
function around(box: Element): Element | null {
  const thing = box.closest(THING);
  const found = thing && entryOf(thing);
  if (found) return found;
  const region = box.closest(REGION);
  return region?.querySelector("h1, h2") ?? region;
}

function entryOf(element: Element): Element | null {
  if (element.matches(REGION) || element.matches("[data-whole]")) return element.querySelector("h1, h2");
  if (element.matches(ACTS)) return element;
  return element.querySelector("a.title") ?? element.querySelector(ACTS);
}

/** What takes no focus by itself takes it for this once. */
function focusOn(element: Element | null): void {
  if (!(element instanceof HTMLElement)) return;
  if (!element.matches(ACTS) && !element.hasAttribute("tabindex")) {
    element.tabIndex = -1;
    element.addEventListener("blur", () => element.removeAttribute("tabindex"), { once: true });
  }
  element.focus({ preventScroll: true });
}
