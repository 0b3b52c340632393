/** The form of one kind. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useRef, useState } from "react";
import { addScheduleCommand, runCommand } from "../api/commands";
import { Refused, post, put, sentenceOf } from "../api/request";
import type { Dispatched, InvalidParameter, Kind, NewJob, ScheduleDetails, ScheduleRule } from "../api/schema";
import { Act } from "../components/act";
import { Commands } from "../components/command";
import { useNotices } from "../components/notices";
import { FIRST_RULE, RuleFields, type When, ruleOf } from "../components/rule-fields";
import { SchemaField } from "../components/schema-fields";
import { PURPOSE, kindName } from "../kinds";
import { Link, goTo, usePlace } from "../routing";
import { type Field, Wrong, argumentOf, fieldsOf } from "../schema-form";
import { sentence } from "../words";

type Values = Readonly<Record<string, unknown>>;
type Problems = Readonly<Record<string, string>>;

const PRIORITIES = [
  [0, "Normal"],
  [10, "Before others"],
  [-10, "After others"],
] as const;

export function JobForm({ kind }: { readonly kind: Kind }) {
  const { query } = usePlace();
  const client = useQueryClient();
  const notices = useNotices();
  const form = useRef<HTMLFormElement>(null);
  const fields = useMemo(() => fieldsOf(kind), [kind]);
  const [values, setValues] = useState<Values>(() => Object.fromEntries(fields.map((one) => [one.name, one.initial])));
  const [problems, setProblems] = useState<Problems>({});
  const [problem, setProblem] = useState("");
  const [clock, setClock] = useState(query.get("when") === "clock");
  const [rule, setRule] = useState(FIRST_RULE);
  const [scheduleId, setScheduleId] = useState("");
  const [priority, setPriority] = useState(0);
  const [busy, setBusy] = useState(false);

  const when = ruleOf(rule);
  const name = scheduleId.trim() || kind.kind;

  function scheduled(meant: Readonly<Record<string, unknown>>, times: When): ScheduleRule {
    return { kind: kind.kind, arguments: meant, when: times, ...(priority ? { priority } : {}) };
  }

  /** Null while it is not said when. */
  function typed(): string | null {
    const [meant] = meaning(fields, values);
    if (!clock) return runCommand(kind.kind, meant, priority);
    return typeof when === "string" ? null : addScheduleCommand(name, scheduled(meant, when));
  }

  function refuse(found: Problems, said: string): void {
    setProblems(found);
    setProblem(said);
    // After the fields are marked, the first of them gets the focus.
    window.setTimeout(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    const [meant, wrong] = meaning(fields, values);
    if (Object.keys(wrong).length > 0) return refuse(wrong, "Something is missing; see above.");
    if (clock && typeof when === "string") return refuse({}, when);
    if (clock && !isName(name)) return refuse({}, "The name of a schedule has no slash, and is not one or two dots.");
    setBusy(true);
    try {
      if (clock && typeof when !== "string") {
        await put<ScheduleDetails>(`schedules/${encodeURIComponent(name)}`, scheduled(meant, when));
        await client.invalidateQueries({ queryKey: ["schedules"] });
        notices.say({ text: "It runs by the clock now.", command: addScheduleCommand(name, scheduled(meant, when)) });
        goTo("");
      } else {
        const body: NewJob = { kind: kind.kind, arguments: meant, ...(priority ? { priority } : {}) };
        const made = await post<Dispatched>("jobs", body);
        notices.say({ text: "The job is in the queue.", command: runCommand(kind.kind, meant, priority) });
        goTo(`jobs/${made.id}`);
      }
    } catch (error) {
      setBusy(false);
      refuse(error instanceof Refused ? byField(error.parameters, fields) : {}, sentenceOf(error));
    }
  }

  const needed = fields.filter((field) => field.required || IMPORTANT.has(field.name));
  const rest = fields.filter((field) => !needed.includes(field));
  const field = (one: Field) => (
    <SchemaField
      key={one.name}
      field={one}
      value={values[one.name]}
      problem={problems[one.name] ?? ""}
      onChange={(value) => setValues((before) => ({ ...before, [one.name]: value }))}
    />
  );
  return (
    <div className="page narrow">
      <p className="back">
        <Link to="new">All kinds of jobs</Link>
      </p>
      <h1>{kindName(kind)}</h1>
      {PURPOSE[kind.kind] && <p className="lead">{PURPOSE[kind.kind]}</p>}
      <form ref={form} className="job-form" noValidate onSubmit={(event) => void submit(event)}>
        {needed.map(field)}
        {rest.length > 0 && (
          <details className="more" open={rest.some((one) => problems[one.name]) || undefined}>
            <summary>More choices</summary>
            {rest.map(field)}
          </details>
        )}
        <fieldset className="choice">
          <legend>When</legend>
          {(
            [
              ["now", "Now"],
              ["clock", "By the clock"],
            ] as const
          ).map(([value, words]) => (
            <label key={value}>
              <input type="radio" name="when" checked={clock === (value === "clock")} onChange={() => setClock(value === "clock")} />
              <span>{words}</span>
            </label>
          ))}
        </fieldset>
        {clock && (
          <>
            <RuleFields draft={rule} onChange={setRule} />
            <div className="field">
              <label htmlFor="schedule-id">Name of the schedule</label>
              <input
                id="schedule-id"
                value={scheduleId}
                maxLength={200}
                placeholder={kind.kind}
                onChange={(event) => setScheduleId(event.target.value)}
              />
              <p className="quiet">A schedule that has this name already is changed.</p>
            </div>
          </>
        )}
        <div className="field">
          <label htmlFor="priority">Priority</label>
          <select id="priority" value={priority} onChange={(event) => setPriority(Number(event.target.value))}>
            {PRIORITIES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </div>
        {problem && (
          <p className="problem" role="alert">
            {sentence(problem)}
          </p>
        )}
        <div className="submit">
          <Act type="submit" className="strong" busy={busy}>
            {clock ? "Run it by the clock" : "Start"}
          </Act>
          <Commands commands={[["The same in a terminal", typed()]]} />
        </div>
      </form>
    </div>
  );
}

/** It is a part of an address; the server refuses the same, but is not reached by it. */
function isName(name: string): boolean {
  return !name.includes("/") && name !== "." && name !== "..";
}

/** Not needed, but worth being seen at once. */
const IMPORTANT: ReadonlySet<string> = new Set(["on_conflict", "verify", "permanent", "mode", "preset", "keep", "plan"]);

/** Arguments as they are sent, and what is wrong with which. */
function meaning(fields: readonly Field[], values: Values): readonly [Record<string, unknown>, Problems] {
  const meant: Record<string, unknown> = {};
  const wrong: Record<string, string> = {};
  for (const field of fields) {
    try {
      const value = argumentOf(field, values[field.name]);
      const isDefault = !field.required && JSON.stringify(value) === JSON.stringify(field.initial);
      if (value !== undefined && !isDefault) meant[field.name] = value;
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      wrong[field.name] = error.message;
    }
  }
  return [meant, wrong];
}

/** `sources[0]` belongs to `sources`. */
function byField(parameters: readonly InvalidParameter[], fields: readonly Field[]): Problems {
  const found = parameters.flatMap(({ name, reason }) => {
    const field = fields.find((one) => name === one.name || new RegExp(`^${one.name}[.\\[]`).test(name));
    return field ? [[field.name, sentence(reason)] as const] : [];
  });
  return Object.fromEntries(found);
}
