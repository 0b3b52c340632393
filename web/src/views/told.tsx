/** What the job was told, and what came of it: plain values, for whoever wants to know exactly. */

import type { JobDetails } from "../api/schema";
import { pathText } from "../components/schema-fields";
import { Section } from "../components/section";
import { isSize, isUnasked, knownChoice, labelOf } from "../kinds";
import { number, shown, shownLines, size } from "../words";

export function Told({ job }: { readonly job: JobDetails }) {
  const all = isFields(job.arguments) ? Object.entries(job.arguments) : [];
  const fields = all.filter(([name, value]) => value !== null || !isUnasked(job.kind, name));
  return (
    <Section title="What it was told">
      {fields.length > 0 && (
        <dl className="told">
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{labelOf(job.kind, name).replace(/, in bytes$/, "")}</dt>
              <dd>
                <Named kind={job.kind} name={name} value={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <details>
        <summary>Exactly</summary>
        {/* biome-ignore lint: a scrolling region must be reachable by keys */}
        <pre tabIndex={0}>
          {shownJson({
            id: job.id,
            kind: job.kind,
            version: job.version,
            priority: job.priority,
            attempt: job.attempt,
            arguments: job.arguments,
            output: job.output,
            action: job.action,
          })}
        </pre>
      </details>
    </Section>
  );
}

function Named({ kind, name, value }: { readonly kind: string; readonly name: string; readonly value: unknown }) {
  if (typeof value === "string") return shown(knownChoice(kind, name, value) ?? value);
  if (typeof value === "number" && isSize(kind, name)) return size(value);
  return <Value value={value} />;
}

const MOST = 20;

function Value({ value }: { readonly value: unknown }) {
  if (Array.isArray(value) && value.every((one) => typeof one === "number")) return value.join(", ") || "nothing";
  if (Array.isArray(value)) {
    return (
      <>
        {value.length === 0 && "nothing"}
        {value.slice(0, MOST).map((one, place) => (
          // biome-ignore lint: plain values have no other name
          <div key={place}>
            <Value value={one} />
          </div>
        ))}
        {value.length > MOST && <div className="quiet">and {value.length - MOST} more</div>}
      </>
    );
  }
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null) return "nothing";
  if (isFields(value) && "bytes" in value) return pathText(value);
  return typeof value === "object" ? <code>{shownJson(value)}</code> : shown(String(value));
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shownJson(value: unknown): string {
  return shownLines(JSON.stringify(value, null, 2));
}
