/** When something runs, as a form: a rule of the API from a few fields. */

import { useId } from "react";
import type { ScheduleRule } from "../api/schema";

export type When = ScheduleRule["when"];

export interface RuleDraft {
  readonly how: "every" | "days" | "weeks" | "months" | "cron" | "once";
  readonly count: string;
  readonly unit: "seconds" | "minutes" | "hours" | "days";
  readonly at: string;
  readonly cron: string;
  readonly moment: string;
  readonly tz: string;
}

const UNITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;

export const FIRST_RULE: RuleDraft = {
  how: "days",
  count: "1",
  unit: "hours",
  at: "03:00",
  cron: "0 3 * * *",
  moment: "",
  tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
};

/** The rule that is meant, or what is missing in words. */
export function ruleOf(draft: RuleDraft): When | string {
  const count = Number(draft.count);
  const counts = Number.isInteger(count) && count >= 1;
  switch (draft.how) {
    case "every":
      return count > 0 ? { rule: "every", seconds: count * UNITS[draft.unit] } : "Say how often, as a number.";
    case "cron":
      return draft.cron.trim() ? { rule: "cron", expression: draft.cron.trim(), tz: draft.tz } : "Give the five fields.";
    case "once": {
      const moment = new Date(draft.moment);
      return Number.isNaN(moment.getTime()) ? "Choose a day and a time." : { rule: "once", at: moment.toISOString() };
    }
    default:
      if (!counts) return "Say how often, as a whole number.";
      return draft.at ? { rule: "calendar", unit: draft.how, count, at: draft.at, tz: draft.tz } : "Choose a time of day.";
  }
}

/** The form's fields for a rule that is there already. */
export function draftOf(when: When): RuleDraft {
  switch (when.rule) {
    case "every": {
      const unit = (["days", "hours", "minutes"] as const).find((one) => when.seconds % UNITS[one] === 0) ?? "seconds";
      return { ...FIRST_RULE, how: "every", unit, count: String(when.seconds / UNITS[unit]) };
    }
    case "cron":
      return { ...FIRST_RULE, how: "cron", cron: when.expression, tz: when.tz ?? FIRST_RULE.tz };
    case "calendar":
      return { ...FIRST_RULE, how: when.unit, count: String(when.count ?? 1), at: when.at, tz: when.tz ?? FIRST_RULE.tz };
    case "once":
      return { ...FIRST_RULE, how: "once", moment: localMoment(when.at) };
  }
}

/** As an `<input type="datetime-local">` has it. */
function localMoment(at: string): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

const HOWS: readonly (readonly [RuleDraft["how"], string])[] = [
  ["days", "Every day, or every few days"],
  ["weeks", "Every week, or every few weeks"],
  ["months", "Every month, or every few months"],
  ["every", "At an interval"],
  ["once", "Once, later"],
  ["cron", "By a cron rule"],
];

interface RuleFieldsProps {
  readonly draft: RuleDraft;
  readonly onChange: (draft: RuleDraft) => void;
}

export function RuleFields({ draft, onChange }: RuleFieldsProps) {
  const id = useId();
  const set = (changes: Partial<RuleDraft>) => onChange({ ...draft, ...changes });
  const byCalendar = draft.how === "days" || draft.how === "weeks" || draft.how === "months";
  return (
    <div className="rule">
      <div className="field">
        <label htmlFor={`${id}-how`}>How often</label>
        <select id={`${id}-how`} value={draft.how} onChange={(event) => set({ how: event.target.value as RuleDraft["how"] })}>
          {HOWS.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {(draft.how === "every" || byCalendar) && (
        <div className="field">
          <label htmlFor={`${id}-count`}>Every</label>
          <div className="pair">
            <input
              id={`${id}-count`}
              type="number"
              min={byCalendar ? 1 : 0}
              step={byCalendar ? 1 : "any"}
              value={draft.count}
              onChange={(event) => set({ count: event.target.value })}
            />
            {byCalendar ? (
              <span>{draft.how}</span>
            ) : (
              <select aria-label="Unit" value={draft.unit} onChange={(event) => set({ unit: event.target.value as RuleDraft["unit"] })}>
                <option value="seconds">seconds</option>
                <option value="minutes">minutes</option>
                <option value="hours">hours</option>
                <option value="days">days</option>
              </select>
            )}
          </div>
        </div>
      )}
      {byCalendar && (
        <div className="field">
          <label htmlFor={`${id}-at`}>At</label>
          <input id={`${id}-at`} type="time" value={draft.at} onChange={(event) => set({ at: event.target.value })} />
        </div>
      )}
      {draft.how === "cron" && (
        <div className="field">
          <label htmlFor={`${id}-cron`}>Five fields: minute, hour, day, month, weekday</label>
          <input id={`${id}-cron`} value={draft.cron} maxLength={200} onChange={(event) => set({ cron: event.target.value })} />
        </div>
      )}
      {draft.how === "once" && (
        <div className="field">
          <label htmlFor={`${id}-moment`}>When</label>
          <input id={`${id}-moment`} type="datetime-local" value={draft.moment} onChange={(event) => set({ moment: event.target.value })} />
        </div>
      )}
      {(byCalendar || draft.how === "cron") && (
        <p className="quiet">The time is that of {draft.tz.replace("Etc/", "").replaceAll("_", " ")}.</p>
      )}
    </div>
  );
}
