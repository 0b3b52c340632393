/** Rows that are moved by hand: dragged by their handle, or picked up, moved and put down by keys. */

import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { Job } from "../api/schema";
import { number } from "../words";

/** How far from the edge of the window it scrolls, and how fast at most (pixels). */
const EDGE = 110;
const FASTEST = 24;

/** What the handle of a row calls. It does not change, so that rows are not drawn again for it. */
export interface Grip {
  readonly down: (event: PointerEvent<HTMLElement>, job: Job) => void;
  readonly key: (event: KeyboardEvent<HTMLElement>, job: Job) => void;
  readonly left: (job: Job) => void;
}

export interface Moving {
  /** In the order that is seen: the row that is held stands where it would come to stand. */
  readonly shown: readonly Job[];
  readonly held: string | null;
  readonly grip: Grip;
  /** What a screen reader says. */
  readonly said: string;
}

/** `line` is the order after the move; the job stood at `from` and stands at `to`. */
export type Put = (job: Job, line: readonly Job[], from: number, to: number) => void;

interface Held {
  readonly job: Job;
  readonly to: number;
  readonly by: "pointer" | "keys";
}

/** Only what is ready to start has a place that can be chosen; what waits for something stands behind. */
export function isMovable(job: Job): boolean {
  return job.can.includes("front") && !job.held && job.due_at === null;
}

export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const rest = [...list];
  rest.splice(to, 0, ...rest.splice(from, 1));
  return rest;
}

export function useMoving(box: RefObject<HTMLElement | null>, jobs: readonly Job[], put: Put | undefined): Moving {
  const [held, setHeld] = useState<Held | null>(null);
  const [said, setSaid] = useState("");
  const from = held ? jobs.findIndex((job) => job.id === held.job.id && isMovable(job)) : -1;
  const last = Math.max(jobs.findLastIndex(isMovable), 0);
  const to = held ? Math.min(held.to, last) : 0;
  const shown = useMemo(() => (from < 0 ? jobs : moved(jobs, from, to)), [jobs, from, to]);
  const now = useRef({ held, from, to, last, jobs, shown, put });
  now.current = { held, from, to, last, jobs, shown, put };
  const grip = useMemo(() => gripOf(now, setHeld, setSaid), []);
  const lost = held !== null && from < 0;
  useEffect(() => {
    if (!lost) return;
    setHeld(null);
    setSaid("It does not wait any more.");
  }, [lost]);
  useDragging(box, held?.by === "pointer", now, setHeld, setSaid);
  return { shown, held: held?.job.id ?? null, grip, said };
}

interface Now {
  readonly held: Held | null;
  readonly from: number;
  readonly to: number;
  readonly last: number;
  readonly jobs: readonly Job[];
  readonly shown: readonly Job[];
  readonly put: Put | undefined;
}

type Set<T> = (value: T) => void;

function gripOf(now: RefObject<Now>, setHeld: Set<Held | null>, setSaid: Set<string>): Grip {
  function pickUp(job: Job, by: Held["by"]): void {
    const at = now.current.jobs.findIndex((one) => one.id === job.id);
    if (at < 0) return;
    setHeld({ job, to: at, by });
    const how = by === "keys" ? " The arrow keys move it, Space puts it down, Escape leaves it where it was." : "";
    setSaid(`${job.title} is picked up. It is at place ${number(at + 1)}.${how}`);
  }
  function move(held: Held, to: number): void {
    const { jobs, from, last } = now.current;
    const place = Math.min(Math.max(to, 0), last);
    setHeld({ ...held, to: place });
    const behind = moved(jobs, from, place)[place + 1];
    setSaid(`Place ${number(place + 1)}${behind ? `, before ${behind.title}` : ", the last one"}.`);
  }
  return {
    down(event, job) {
      if (event.button !== 0 || !event.isPrimary) return;
      event.preventDefault();
      event.currentTarget.focus({ preventScroll: true });
      pickUp(job, "pointer");
    },
    key(event, job) {
      const { held, to, last } = now.current;
      const takes = event.key === " " || event.key === "Enter";
      if (event.ctrlKey || event.metaKey || event.altKey || (!held && !takes)) return;
      const target = { ArrowUp: to - 1, ArrowDown: to + 1, Home: 0, End: last }[event.key];
      if (!held) pickUp(job, "keys");
      else if (takes) putDown(now.current, setHeld, setSaid);
      else if (event.key === "Escape") leave(now.current, setHeld, setSaid);
      else if (target !== undefined) move(held, target);
      else if (event.key === "Tab") return;
      event.preventDefault();
    },
    left(job) {
      const { held } = now.current;
      if (held?.job.id === job.id && held.by === "keys") leave(now.current, setHeld, setSaid);
    },
  };
}

function putDown({ held, from, to, shown, put }: Now, setHeld: Set<Held | null>, setSaid: Set<string>): void {
  setHeld(null);
  if (!held || from < 0) return;
  setSaid(`${held.job.title} is put down at place ${number(to + 1)}.`);
  if (from !== to) put?.(held.job, shown, from, to);
}

function leave({ held, from }: Now, setHeld: Set<Held | null>, setSaid: Set<string>): void {
  setHeld(null);
  if (held) setSaid(`${held.job.title} stays at place ${number(from + 1)}.`);
}

/** While a row is dragged: it follows the pointer, the window scrolls at its edges, Escape leaves it where it was. */
function useDragging(
  box: RefObject<HTMLElement | null>,
  dragging: boolean,
  now: RefObject<Now>,
  setHeld: Set<Held | null>,
  setSaid: Set<string>,
): void {
  useEffect(() => {
    if (!dragging) return;
    let y: number | null = null;
    let frame = window.requestAnimationFrame(follow);
    function aim(event: globalThis.PointerEvent): void {
      if (event.isPrimary) y = event.clientY;
    }
    function follow(): void {
      frame = window.requestAnimationFrame(follow);
      const { held, to } = now.current;
      if (y === null || !held || !box.current) return;
      window.scrollBy(0, speedAt(y));
      const place = placeAt(box.current, y, to, now.current.last);
      if (place !== to) setHeld({ ...held, to: place });
    }
    // Where the pointer is now: on a busy machine the last frame may not have seen it there.
    function drop(event: globalThis.PointerEvent): void {
      if (!event.isPrimary) return;
      const { jobs, from, to, last } = now.current;
      const place = box.current && y !== null ? placeAt(box.current, event.clientY, to, last) : to;
      putDown({ ...now.current, to: place, shown: from < 0 ? jobs : moved(jobs, from, place) }, setHeld, setSaid);
    }
    function stop(): void {
      leave(now.current, setHeld, setSaid);
    }
    function pressed(event: globalThis.KeyboardEvent): void {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      stop();
    }
    // On the window: the row that is dragged may be drawn anew, and what is gone hears nothing.
    window.addEventListener("pointermove", aim);
    window.addEventListener("pointerup", drop);
    window.addEventListener("pointercancel", stop);
    window.addEventListener("blur", stop);
    window.addEventListener("keydown", pressed, { capture: true });
    return () => {
      window.cancelAnimationFrame(frame);
      window.removeEventListener("pointermove", aim);
      window.removeEventListener("pointerup", drop);
      window.removeEventListener("pointercancel", stop);
      window.removeEventListener("blur", stop);
      window.removeEventListener("keydown", pressed, { capture: true });
    };
  }, [dragging, box, now, setHeld, setSaid]);
}

/** Pixels to scroll by in this frame: the nearer to the edge the more. */
function speedAt(y: number): number {
  const above = EDGE - y;
  const below = y - (window.innerHeight - EDGE);
  if (above > 0) return -Math.min(FASTEST, above / 4);
  return below > 0 ? Math.min(FASTEST, below / 4) : 0;
}

/** A row gives way when the pointer has passed its middle. */
function placeAt(box: HTMLElement, y: number, to: number, last: number): number {
  let place = to;
  for (const row of box.querySelectorAll<HTMLElement>("[data-job]")) {
    const at = Number(row.getAttribute("aria-rowindex")) - 2;
    const { top, height } = row.getBoundingClientRect();
    const middle = top + height / 2;
    if (at < to && y < middle) place = Math.min(place, at);
    if (at > to && y > middle) place = Math.max(place, at);
  }
  return Math.min(place, last);
}
