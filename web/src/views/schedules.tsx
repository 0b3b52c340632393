/** What runs by the clock. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { scheduleCommand } from "../api/commands";
import { kinds, schedule as scheduleQuery, schedules } from "../api/queries";
import { post, remove } from "../api/request";
import type { Dispatched, Schedule, ScheduleDetails } from "../api/schema";
import { Act } from "../components/act";
import { Commands } from "../components/command";
import { Confirm } from "../components/dialog";
import { useNotices } from "../components/notices";
import type { When } from "../components/rule-fields";
import { Failed, Nothing, Section } from "../components/section";
import { useNow } from "../clock";
import { kindName } from "../kinds";
import { useMay } from "../role";
import { Link } from "../routing";
import { capital, exactly, shown, span, when } from "../words";
import { ScheduleEditor } from "./schedule-editor";

export function Schedules() {
  const { data, error, refetch } = useQuery(schedules);
  const may = useMay();
  const known = useQuery(kinds).data?.kinds;
  // Where arguments make no sentence, a schedule's title is its kind's name: a code.
  const all = (data?.schedules ?? []).map((schedule) => {
    const kind = schedule.title === schedule.kind && known?.find((one) => one.kind === schedule.kind);
    return kind ? { ...schedule, title: kindName(kind) } : schedule;
  });
  return (
    <Section
      title="Schedules"
      aside={
        may && (
          <p>
            <Link to="new?when=clock">New schedule</Link>
          </p>
        )
      }
    >
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {data && all.length === 0 && <Nothing>Nothing runs by the clock.</Nothing>}
      {all.length > 0 && (
        <ul className="schedules">
          {all.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} may={may} />
          ))}
        </ul>
      )}
    </Section>
  );
}

type Asked = "pause" | "resume" | "run";

const SAID: Readonly<Record<Asked, string>> = {
  pause: "It rests now.",
  resume: "It goes on with its next time.",
  run: "It runs now, beside its times.",
};

function ScheduleRow({ schedule, may }: { readonly schedule: Schedule; readonly may: boolean }) {
  const client = useQueryClient();
  const notices = useNotices();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [busy, setBusy] = useState(false);
  const address = `schedules/${encodeURIComponent(schedule.id)}`;

  async function ask(what: Asked): Promise<void> {
    setBusy(true);
    try {
      await post<Dispatched | ScheduleDetails>(`${address}/${what}`);
      const undo = what === "run" ? undefined : () => void ask(what === "pause" ? "resume" : "pause");
      notices.say({ text: SAID[what], command: words(what), undo });
    } catch (error) {
      notices.fail(error);
    }
    setBusy(false);
    void client.invalidateQueries({ queryKey: ["schedules"] });
  }

  async function forget(): Promise<void> {
    // Its times are asked for no more, by the time that there are none.
    setOpen(false);
    setBusy(true);
    try {
      await remove(address);
      notices.say({ text: "The schedule is removed. Its jobs stay.", command: scheduleCommand(schedule.id, "remove") });
    } catch (error) {
      notices.fail(error);
    }
    setBusy(false);
    setRemoving(false);
    void client.invalidateQueries({ queryKey: ["schedules"] });
  }

  const words = (verb: Parameters<typeof scheduleCommand>[1]) => scheduleCommand(schedule.id, verb);
  return (
    <li className="schedule" data-paused={schedule.paused || undefined} data-schedule={schedule.id}>
      <div className="schedule-line">
        <div>
          <h3>
            {schedule.title} {schedule.id !== schedule.kind && <span className="quiet">“{shown(schedule.id)}”</span>}
          </h3>
          <p>
            {capital(ruleWords(schedule))}
            <span className="quiet">{nextWords(schedule, now)}</span>
          </p>
        </div>
        {may && (
          <div className="actions small">
            <Act busy={busy} onPress={() => void ask("run")} aria-label={`Run now: ${schedule.title}`} title={words("run")}>
              Run now
            </Act>
            <Act
              busy={busy}
              onPress={() => void ask(schedule.paused ? "resume" : "pause")}
              aria-label={`${schedule.paused ? "Let go on" : "Let rest"}: ${schedule.title}`}
              title={words(schedule.paused ? "resume" : "pause")}
            >
              {schedule.paused ? "Let go on" : "Let rest"}
            </Act>
            <button type="button" onClick={() => setEditing(true)} aria-label={`Change: ${schedule.title}`}>
              Change
            </button>
          </div>
        )}
      </div>
      <div className="schedule-more">
        <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Less" : "Times"}
        </button>
        <Commands
          commands={[
            ["Run now", words("run")],
            schedule.paused ? ["Let go on", words("resume")] : ["Let rest", words("pause")],
            ["Look", words("show")],
            ["Remove", words("remove")],
          ]}
        />
      </div>
      {open && <Times schedule={schedule} onRemove={may ? () => setRemoving(true) : undefined} />}
      {editing && <ScheduleEditor schedule={schedule} onClose={() => setEditing(false)} />}
      {removing && (
        <Confirm title="Remove this schedule?" doIt="Remove it" busy={busy} onDo={() => void forget()} onClose={() => setRemoving(false)}>
          <p>
            <strong>{schedule.title}</strong> runs by the clock no more. Its jobs stay. It has to be made anew if you want it back.
          </p>
        </Confirm>
      )}
    </li>
  );
}

function ruleWords({ rule, when: values }: Schedule): string {
  const times = values as When;
  // What is no whole number of minutes comes in seconds, however many.
  if (times.rule === "every" && times.seconds >= 60 && times.seconds % 60 !== 0) return `every ${span(times.seconds)}`;
  return rule.replace("(Etc/UTC)", "(UTC)");
}

function nextWords(schedule: Schedule, now: number): string {
  if (schedule.paused) return " · rests";
  return schedule.next_run ? ` · next ${when(schedule.next_run, now)}` : " · no more times";
}

function Times({ schedule, onRemove }: { readonly schedule: Schedule; readonly onRemove?: (() => void) | undefined }) {
  const { data, error } = useQuery(scheduleQuery(schedule.id));
  const now = useNow();
  if (error) return <Failed error={error} />;
  if (!data) return <p className="quiet">…</p>;
  return (
    <div className="times">
      <div>
        <h4>Next</h4>
        {data.paused || data.next_runs.length === 0 ? (
          <p className="quiet">{data.paused ? "None while it rests." : "None."}</p>
        ) : (
          <ol>
            {data.next_runs.map((moment) => (
              <li key={moment}>
                <time dateTime={moment} title={exactly(moment)}>
                  {when(moment, now)}
                </time>
              </li>
            ))}
          </ol>
        )}
      </div>
      <div>
        <h4>Before</h4>
        {data.runs.length === 0 && <p className="quiet">It has not run yet.</p>}
        <ol>
          {data.runs.slice(0, 8).map((run) => (
            <li key={run.scheduled_at}>
              <time dateTime={run.scheduled_at} title={exactly(run.scheduled_at)}>
                {when(run.scheduled_at, now)}
              </time>{" "}
              {run.job ? <Link to={`jobs/${run.job}`}>{run.sentence}</Link> : <span className="quiet">{run.sentence}</span>}
            </li>
          ))}
        </ol>
      </div>
      {onRemove && (
        <button type="button" className="link danger" onClick={onRemove}>
          Remove this schedule
        </button>
      )}
    </div>
  );
}
