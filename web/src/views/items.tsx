/** What became of the files: those with a reason first. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { items } from "../api/queries";
import type { Item, JobDetails } from "../api/schema";
import { Act } from "../components/act";
import { JobActions } from "../components/job-actions";
import { PathText } from "../components/progress";
import { Failed, Nothing, Section } from "../components/section";
import { counted, number } from "../words";

type Outcome = Item["outcome"];

const WORDS: Readonly<Record<Outcome, string>> = { error: "Failed", warning: "With a warning", skipped: "Left out", ok: "Done" };
const ORDER: readonly Outcome[] = ["error", "warning", "skipped", "ok"];

export function Items({ job }: { readonly job: JobDetails }) {
  const { counters } = job;
  const counts: Readonly<Record<Outcome, number>> = {
    error: counters.items_error,
    warning: counters.items_warning,
    skipped: counters.items_skipped,
    ok: counters.items_ok,
  };
  const total = ORDER.reduce((sum, outcome) => sum + counts[outcome], 0);
  const [chosen, setChosen] = useState<Outcome | null>(null);
  const outcome = chosen ?? ORDER.find((one) => counts[one] > 0) ?? "ok";
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (window.location.hash === "#items") box.current?.scrollIntoView();
  }, []);
  if (total === 0) return null;
  return (
    <Section title="Files" aside={<p className="quiet">{counted(total, "item")}</p>}>
      <div ref={box} className="items-head">
        <fieldset className="choice">
          <legend className="unseen">Which items</legend>
          {ORDER.filter((one) => counts[one] > 0).map((one) => (
            <label key={one}>
              <input type="radio" name="outcome" checked={outcome === one} onChange={() => setChosen(one)} />
              <span>
                {WORDS[one]} <b>{number(counts[one])}</b>
              </span>
            </label>
          ))}
        </fieldset>
        {counts.error > 0 && job.status === "completed" && <JobActions job={job} verbs={["retry"]} follow />}
      </div>
      <ItemList id={job.id} outcome={outcome} />
    </Section>
  );
}

function ItemList({ id, outcome }: { readonly id: string; readonly outcome: Outcome }) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(items(id, [outcome]));
  const rows = data?.pages.flatMap((page) => page.items) ?? [];
  if (error && rows.length === 0) return <Failed error={error} />;
  if (data && rows.length === 0) return <Nothing>None of these are kept one by one.</Nothing>;
  return (
    <>
      <table className="items">
        <caption className="unseen">{WORDS[outcome]}</caption>
        <thead className="unseen">
          <tr>
            <th scope="col">File</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((item) => (
            <tr key={item.seq}>
              <td>
                <PathText path={item.shown} />
              </td>
              <td>{item.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasNextPage && (
        <Act className="small" busy={isFetchingNextPage} onPress={() => void fetchNextPage()}>
          Show more
        </Act>
      )}
    </>
  );
}
