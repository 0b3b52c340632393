/** The filter of a long list, kept in the address so that it can be sent to somebody or come back to. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type JobFilter, type Status, kinds } from "../api/queries";
import { setQuery, usePlace } from "../routing";
import { kindName } from "../kinds";
import { useTyped } from "./typed";

export function useFilter(statuses: readonly Status[]): JobFilter {
  const { query } = usePlace();
  const kind = query.get("kind") ?? "";
  const text = query.get("text") ?? "";
  const asked = query.get("state") ?? "";
  return useMemo(() => {
    // A state that this list has not means all of those that it has, as no state does.
    const chosen = statuses.filter((one) => one === asked);
    return { statuses: chosen.length > 0 ? chosen : statuses, kind, text };
  }, [statuses, asked, kind, text]);
}

interface FiltersProps {
  readonly path: string;
  /** What may be chosen, with its words. */
  readonly states: readonly (readonly [Status, string])[];
  readonly times?: readonly (readonly [string, string])[];
}

export function Filters({ path, states, times }: FiltersProps) {
  const { query } = usePlace();
  const known = [...(useQuery(kinds).data?.kinds ?? [])].sort((one, other) => kindName(one).localeCompare(kindName(other)));
  const asked = query.get("state") ?? "";
  const state = states.some(([value]) => value === asked) ? asked : "";
  return (
    <search className="filters" aria-label="Choose jobs">
      <SearchField path={path} />
      <label>
        <span>Kind</span>
        <select value={query.get("kind") ?? ""} onChange={(event) => setQuery(path, query, "kind", event.target.value)}>
          <option value="">Any kind</option>
          {known.map((kind) => (
            <option key={kind.kind} value={kind.kind}>
              {kindName(kind)}
            </option>
          ))}
        </select>
      </label>
      {times && (
        <label>
          <span>Added</span>
          <select value={query.get("since") ?? ""} onChange={(event) => setQuery(path, query, "since", event.target.value)}>
            {times.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
      )}
      <fieldset className="choice">
        <legend className="unseen">State</legend>
        {[["", "All"] as const, ...states].map(([value, words]) => (
          <label key={value}>
            <input type="radio" name="state" checked={state === value} onChange={() => setQuery(path, query, "state", value)} />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
    </search>
  );
}

function SearchField({ path }: { readonly path: string }) {
  const [text, setText] = useTyped(path);
  return (
    <label className="search">
      <span>Search</span>
      <input
        type="search"
        value={text}
        maxLength={200}
        placeholder="A name, a folder, a reason"
        onChange={(event) => setText(event.target.value)}
      />
    </label>
  );
}
