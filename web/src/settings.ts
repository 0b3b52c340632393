/** What this browser remembers of a person's choices; nothing of it reaches the server. */

import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

interface Settings {
  readonly theme: Theme;
  readonly shortcuts: boolean;
  /** Ids of jobs that need nobody any more, the newest last. */
  readonly dismissed: readonly string[];
}

const NAME = "sdjobs";
const MOST_DISMISSED = 1_000;
const FIRST: Settings = { theme: "system", shortcuts: true, dismissed: [] };

const watchers = new Set<() => void>();
let settings = stored();

function stored(): Settings {
  try {
    return { ...FIRST, ...(JSON.parse(window.localStorage.getItem(NAME) ?? "{}") as Partial<Settings>) };
  } catch {
    return FIRST;
  }
}

export function change(changes: Partial<Settings>): void {
  settings = { ...settings, ...changes };
  try {
    window.localStorage.setItem(NAME, JSON.stringify(settings));
  } catch {
    // A browser that stores nothing forgets it with the page.
  }
  show();
  for (const watcher of watchers) watcher();
}

export function dismiss(id: string): void {
  change({ dismissed: [...settings.dismissed, id].slice(-MOST_DISMISSED) });
}

export function bringBack(id: string): void {
  change({ dismissed: settings.dismissed.filter((one) => one !== id) });
}

export function useSettings(): Settings {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => settings,
  );
}

/** The theme goes onto the document, where the style sheet reads it. */
export function show(): void {
  const root = document.documentElement;
  if (settings.theme === "system") delete root.dataset.theme;
  else root.dataset.theme = settings.theme;
}

export function shortcutsOn(): boolean {
  return settings.shortcuts;
}
