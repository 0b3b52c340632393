/** Another rule for a schedule that is there. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { put, sentenceOf } from "../api/request";
import type { Schedule, ScheduleDetails, ScheduleRule } from "../api/schema";
import { Dialog } from "../components/dialog";
import { useNotices } from "../components/notices";
import { RuleFields, type When, draftOf, ruleOf } from "../components/rule-fields";

type Overlap = Schedule["overlap"];

const OVERLAPS: readonly (readonly [Overlap, string])[] = [
  ["skip", "Leave this time out"],
  ["queue", "Run after it"],
  ["replace", "Stop it, and run anew"],
];

export function ScheduleEditor({ schedule, onClose }: { readonly schedule: Schedule; readonly onClose: () => void }) {
  const client = useQueryClient();
  const notices = useNotices();
  const [draft, setDraft] = useState(() => draftOf(schedule.when as When));
  const [overlap, setOverlap] = useState<Overlap>(schedule.overlap);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function store(event: FormEvent): Promise<void> {
    event.preventDefault();
    const when = ruleOf(draft);
    if (typeof when === "string") {
      setProblem(when);
      return;
    }
    setBusy(true);
    try {
      const { kind, jitter_seconds, priority } = schedule;
      const misfire = schedule.catch_up === null ? (schedule.misfire as "once" | "skip") : { all: schedule.catch_up };
      const rule: ScheduleRule = {
        kind,
        arguments: schedule.arguments as Readonly<Record<string, unknown>>,
        when,
        misfire,
        overlap,
        jitter_seconds,
        priority,
      };
      await put<ScheduleDetails>(`schedules/${encodeURIComponent(schedule.id)}`, rule);
      notices.say({ text: "The schedule is changed." });
      onClose();
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setBusy(false);
    void client.invalidateQueries({ queryKey: ["schedules"] });
  }

  return (
    <Dialog title={schedule.title} onClose={onClose}>
      <form onSubmit={(event) => void store(event)}>
        <RuleFields draft={draft} onChange={setDraft} />
        <div className="field">
          <label htmlFor="overlap">If the run before is not finished</label>
          <select id="overlap" value={overlap} onChange={(event) => setOverlap(event.target.value as Overlap)}>
            {OVERLAPS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </div>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            Leave it as it is
          </button>
          <button type="submit" className="strong" disabled={busy}>
            Change it
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
