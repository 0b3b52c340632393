/** Addresses of the page's parts, below where the application is mounted. */

import { type MouseEvent, type ReactNode, useEffect, useSyncExternalStore } from "react";
import { ROOT } from "./api/request";

export interface Place {
  /** Without the mount point: `jobs/0199…`, empty for the first page. */
  readonly path: string;
  readonly query: URLSearchParams;
}

const watchers = new Set<() => void>();
let place = read();

function read(): Place {
  const path = window.location.pathname;
  return {
    path: path.startsWith(ROOT) ? path.slice(ROOT.length) : "",
    query: new URLSearchParams(window.location.search),
  };
}

function changed(): void {
  place = read();
  for (const watcher of watchers) watcher();
}

window.addEventListener("popstate", changed);

export function goTo(path: string, how: "push" | "replace" = "push"): void {
  if (how === "push") window.history.pushState(null, "", ROOT + path);
  else window.history.replaceState(null, "", ROOT + path);
  changed();
  if (how === "push") window.scrollTo(0, 0);
}

/** Change one word of what an address asks for. */
export function setQuery(path: string, query: URLSearchParams, name: string, value: string): void {
  const changed = new URLSearchParams(query);
  if (value) changed.set(name, value);
  else changed.delete(name);
  const text = changed.toString();
  goTo(path + (text ? `?${text}` : ""), "replace");
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => place);
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

interface LinkProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly current?: boolean;
  readonly label?: string;
}

export function Link({ to, children, className, current, label }: LinkProps) {
  function follow(event: MouseEvent): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  }
  return (
    <a href={ROOT + to} onClick={follow} className={className} aria-current={current ? "page" : undefined} aria-label={label}>
      {children}
    </a>
  );
}

/** The window's title, as long as the caller is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
