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
let settings = stored(FIRST);

/** Also what other tabs have stored; where nothing can be read, `otherwise`. */
function stored(otherwise: Settings): Settings {
  try {
    const text = window.localStorage.getItem(NAME);
    return text === null ? otherwise : { ...FIRST, ...(JSON.parse(text) as Partial<Settings>) };
  } catch {
    return otherwise;
  }
}

export function change(changes: Partial<Settings>): void {
  settings = { ...stored(settings), ...changes };
  try {
    window.localStorage.setItem(NAME, JSON.stringify(settings));
  } catch {
    // A browser that stores nothing forgets it with the page.
  }
  changed();
}

function changed(): void {
  show();
  for (const watcher of watchers) watcher();
}

window.addEventListener("storage", ({ key }) => {
  if (key !== NAME && key !== null) return;
  settings = stored(FIRST);
  changed();
});

/** Those that are put aside, in this tab or another. */
function aside(): readonly string[] {
  return stored(settings).dismissed;
}

export function dismiss(id: string): void {
  change({ dismissed: [...aside(), id].slice(-MOST_DISMISSED) });
}

export function bringBack(id: string): void {
  change({ dismissed: aside().filter((one) => one !== id) });
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
