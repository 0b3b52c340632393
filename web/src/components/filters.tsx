/** The filter of a long list, kept in the address so that it can be sent to somebody or come back to. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type JobFilter, type Status, kinds } from "../api/queries";
import { goTo, usePlace } from "../routing";
import { kindName } from "../kinds";

const TYPING = 250;

export function useFilter(statuses: readonly Status[]): JobFilter {
  const { query } = usePlace();
  const kind = query.get("kind") ?? "";
  const text = query.get("text") ?? "";
  const asked = query.get("state") ?? "";
  return useMemo(
    () => ({ statuses: statuses.filter((one) => asked === "" || asked === one), kind, text }),
    [statuses, asked, kind, text],
  );
}

/** Change one word of the filter in the address. */
export function setQuery(path: string, query: URLSearchParams, name: string, value: string): void {
  const changed = new URLSearchParams(query);
  if (value) changed.set(name, value);
  else changed.delete(name);
  const text = changed.toString();
  goTo(path + (text ? `?${text}` : ""), "replace");
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
  const state = query.get("state") ?? "";
  return (
    <search className="filters" aria-label="Choose jobs">
      <SearchField path={path} query={query} />
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
          <span>Time</span>
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
            <input
              type="radio"
              name="state"
              checked={state === value}
              onChange={() => setQuery(path, query, "state", value)}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
    </search>
  );
}

function SearchField({ path, query }: { readonly path: string; readonly query: URLSearchParams }) {
  const asked = query.get("text") ?? "";
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return;
    const timer = window.setTimeout(() => setQuery(path, query, "text", text.trim()), TYPING);
    return () => window.clearTimeout(timer);
  }, [text, asked, path, query]);
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
