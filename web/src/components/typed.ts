/** What is typed into a search field: kept in the address once it stands still, so that it can be sent or come back to. */

import { useEffect, useRef, useState } from "react";
import { setQuery, usePlace } from "../routing";

const TYPING = 250;

/** The field's text as it was typed, with its spaces; how to change it; and what is sought by now. */
export function useTyped(path: string): readonly [string, (text: string) => void, string] {
  const { query } = usePlace();
  const sought = query.get("text") ?? "";
  const [text, setText] = useState(sought);
  const stored = useRef(sought);
  const latest = useRef(query);
  latest.current = query;
  useEffect(() => {
    // What comes from elsewhere, as by a link, replaces what was typed; what was stored from here does not.
    if (sought === stored.current) return;
    stored.current = sought;
    setText(sought);
  }, [sought]);
  useEffect(() => {
    const meant = text.trim();
    if (meant === stored.current) return;
    const timer = window.setTimeout(() => {
      stored.current = meant;
      setQuery(path, latest.current, "text", meant);
    }, TYPING);
    return () => window.clearTimeout(timer);
  }, [text, path]);
  return [text, setText, sought.trim()];
}
