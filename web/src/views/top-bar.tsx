/** The library's name, the places of the page, and what is always at hand. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { overview } from "../api/queries";
import { useMay } from "../role";
import { Link, usePlace } from "../routing";
import { type Theme, change, useSettings } from "../settings";

const PLACES = [
  ["", "Jobs"],
  ["history", "History"],
  ["library", "Library"],
] as const;

interface TopBarProps {
  readonly onHelp: () => void;
  /** What stays in sight however far one scrolls. */
  readonly children: ReactNode;
}

export function TopBar({ onHelp, children }: TopBarProps) {
  const { data } = useQuery(overview);
  const may = useMay();
  const { path } = usePlace();
  const here = path.split("/")[0] ?? "";
  const part = here === "jobs" || here === "waiting" ? "" : here;
  return (
    <header className="top">
      <div className="inner">
        <Link to="" className="brand">
          <Mark />
          <span>{data?.name ?? "Jobs"}</span>
        </Link>
        <nav aria-label="Parts of the page">
          {PLACES.map(([to, name]) => (
            <Link key={to} to={to} current={to === part}>
              {name}
            </Link>
          ))}
        </nav>
        <div className="tools">
          <ThemeSwitch />
          <button type="button" className="plain" aria-label="Help and keyboard shortcuts" title="Help (?)" onClick={onHelp}>
            ?
          </button>
          {may && (
            <Link to="new" className="button strong" current={part === "new"}>
              New job
            </Link>
          )}
        </div>
      </div>
      {children}
    </header>
  );
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M3 5h14M3 10h10M3 15h6" />
    </svg>
  );
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const THEME_WORDS: Readonly<Record<Theme, string>> = { system: "as your system", light: "light", dark: "dark" };

function ThemeSwitch() {
  const { theme } = useSettings();
  const said = `Colours: ${THEME_WORDS[theme]}. Change to ${THEME_WORDS[NEXT[theme]]}.`;
  return (
    <button type="button" className="plain" aria-label={said} title={said} onClick={() => change({ theme: NEXT[theme] })}>
      <svg className="theme" data-theme-now={theme} viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="7" />
        <path d="M10 3a7 7 0 0 1 0 14z" />
      </svg>
    </button>
  );
}
