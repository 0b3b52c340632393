/** Another rule for a schedule that is there. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { addScheduleCommand } from "../api/commands";
import { put, sentenceOf } from "../api/request";
import type { Schedule, ScheduleDetails, ScheduleRule } from "../api/schema";
import { Act } from "../components/act";
import { Commands } from "../components/command";
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

  const when = ruleOf(draft);

  function changed(times: When): ScheduleRule {
    const { kind, jitter_seconds, priority } = schedule;
    const misfire = schedule.catch_up === null ? (schedule.misfire as "once" | "skip") : { all: schedule.catch_up };
    const values = schedule.arguments as Readonly<Record<string, unknown>>;
    return { kind, arguments: values, when: times, misfire, overlap, jitter_seconds, priority };
  }

  async function store(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    if (typeof when === "string") {
      setProblem(when);
      return;
    }
    setBusy(true);
    try {
      await put<ScheduleDetails>(`schedules/${encodeURIComponent(schedule.id)}`, changed(when));
      notices.say({ text: "The schedule is changed.", command: addScheduleCommand(schedule.id, changed(when)) });
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
        <Commands
          commands={[["The same in a terminal", typeof when === "string" ? null : addScheduleCommand(schedule.id, changed(when))]]}
        />
        <footer>
          <button type="button" onClick={onClose}>
            Leave it as it is
          </button>
          <Act type="submit" className="strong" busy={busy}>
            Change it
          </Act>
        </footer>
      </form>
    </Dialog>
  );
}
