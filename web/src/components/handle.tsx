/** What a row is dragged by; the same with keys. */

import type { Job } from "../api/schema";
import type { Grip } from "./moving";

/** Six dots: lines without a length, with round ends. */
const DOTS = [3, 8, 13].flatMap((y) => [3, 8].map((x) => `M${x} ${y}h0`)).join("");

interface HandleProps {
  readonly job: Job;
  readonly grip: Grip;
  readonly held: boolean;
}

export function Handle({ job, grip, held }: HandleProps) {
  return (
    <button
      type="button"
      className="handle"
      aria-label={`Move: ${job.title}`}
      aria-pressed={held}
      title="Drag it to another place in line. By keys: Space picks it up, the arrows move it, Space puts it down."
      onPointerDown={(event) => grip.down(event, job)}
      onKeyDown={(event) => grip.key(event, job)}
      onBlur={(event) => event.relatedTarget !== null && grip.left(job)}
    >
      <svg viewBox="0 0 11 16" aria-hidden="true">
        <path d={DOTS} />
      </svg>
    </button>
  );
}
