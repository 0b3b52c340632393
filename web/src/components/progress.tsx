/** One bar, and the words beside it. */

import type { Job, Progress } from "../api/schema";
import { stepWords } from "../kinds";
import { split } from "../words";

export function ProgressBar({ job }: { readonly job: Job }) {
  const { fraction, percent } = job.progress;
  const known = fraction !== null;
  return (
    <div
      className={known ? "bar" : "bar unknown"}
      role="progressbar"
      aria-label={`Progress of ${job.title}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.floor(fraction * 100) : undefined}
      aria-valuetext={known ? percent : "not known yet"}
      data-state={job.status}
    >
      <div style={known ? { transform: `scaleX(${fraction})` } : undefined} />
    </div>
  );
}

/** `62 %`, `1.2 of 2.0 GB`, `84.1 MB/s`, `9 s left`: what is known of them. */
export function Figures({ progress, idle = false }: { readonly progress: Progress; readonly idle?: boolean }) {
  const { percent, amount, items, rate, left, catching_up } = progress;
  const facts = [percent, amount, items === amount ? "" : items, idle ? "" : rate, idle ? "" : left].filter(Boolean);
  return (
    <p className="figures">
      {facts.map((fact, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two facts may read alike
        <span key={place} className={place === 0 && percent ? "percent" : undefined}>
          {place > 0 && <span className="unseen">, </span>}
          {fact}
        </span>
      ))}
      {catching_up && <span>Catching up with where it was</span>}
    </p>
  );
}

/** The steps of a job in their order, where it has named them. */
export function Phases({ progress, done = false }: { readonly progress: Progress; readonly done?: boolean }) {
  const { phases, phase } = progress;
  if (phases.length < 2) return phase ? <p className="phase">{stepWords(phase)}</p> : null;
  const now = done ? phases.length : phases.indexOf(phase);
  return (
    <ol className="phases" aria-label="Steps">
      {phases.map((name, place) => (
        <li key={name} className={place < now ? "done" : undefined} aria-current={place === now ? "step" : undefined}>
          {stepWords(name)}
        </li>
      ))}
    </ol>
  );
}

/** A path whose end stays readable where there is no room for all of it. */
export function PathText({ path }: { readonly path: string }) {
  const [folder, name] = split(path);
  return (
    <span className="path" title={path}>
      <span className="unseen">{path}</span>
      <span className="folder" aria-hidden="true">
        {folder}
      </span>
      <span className="name" aria-hidden="true">
        {name}
      </span>
    </span>
  );
}
