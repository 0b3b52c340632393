/** What was done, with a way back; what could not be done; and what a screen reader says. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { sentenceOf } from "../api/request";
import { Breaks } from "./breaks";
import { CommandLine, Commands } from "./command";

export interface Notice {
  readonly text: string;
  readonly undo?: (() => void) | undefined;
  /** What does the same in a terminal. */
  readonly command?: string | null;
}

interface Shown extends Notice {
  readonly id: number;
  readonly trouble: boolean;
}

interface Notices {
  say(notice: Notice): void;
  fail(error: unknown): void;
  /** For screen readers alone. Sentences that follow one another closely are said as one. */
  announce(text: string): void;
  undoLast(): void;
}

const NoticesContext = createContext<Notices | null>(null);

const STAYS = 8_000;
const TROUBLE_STAYS = 15_000;
const MOST = 3;
const QUIET = 3_000;

export function useNotices(): Notices {
  const notices = useContext(NoticesContext);
  if (notices === null) throw new Error("there are no notices here");
  return notices;
}

export function NoticesProvider({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const [announced, setAnnounced] = useState("");
  const narrow = useNarrow();
  const next = useRef(0);
  const latest = useRef(shown);
  latest.current = shown;
  const waiting = useRef<string[]>([]);
  const timer = useRef<number | undefined>(undefined);

  const close = useCallback((id: number) => setShown((all) => all.filter((one) => one.id !== id)), []);

  const notices = useMemo<Notices>(() => {
    function add(notice: Notice, trouble: boolean): void {
      const id = next.current++;
      setShown((all) => [...all.slice(1 - MOST), { ...notice, id, trouble }]);
    }
    function flush(): void {
      timer.current = undefined;
      setAnnounced(waiting.current.join(" "));
      waiting.current = [];
    }
    return {
      say: (notice) => add(notice, false),
      fail: (error) => add({ text: sentenceOf(error) }, true),
      announce(text) {
        waiting.current.push(text);
        timer.current ??= window.setTimeout(flush, QUIET);
      },
      undoLast() {
        const last = latest.current.findLast((one) => one.undo);
        if (!last) return;
        close(last.id);
        last.undo?.();
      },
    };
  }, [close]);

  return (
    <NoticesContext value={notices}>
      {children}
      <div className="unseen" role="status" aria-live="polite">
        {announced}
      </div>
      <section className="notices" aria-label="Messages">
        {(narrow ? shown.slice(-1) : shown).map((notice) => (
          <NoticeBox
            key={notice.id}
            notice={notice}
            behind={narrow ? shown.length - 1 : 0}
            folded={narrow}
            close={() => close(notice.id)}
          />
        ))}
      </section>
    </NoticesContext>
  );
}

/** Where three messages would hide the page, one is shown at a time. */
const NARROW = window.matchMedia("(max-width: 44rem)");

function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      NARROW.addEventListener("change", changed);
      return () => NARROW.removeEventListener("change", changed);
    },
    () => NARROW.matches,
  );
}

interface NoticeBoxProps {
  readonly notice: Shown;
  /** How many more there are, which are shown when this one is closed. */
  readonly behind: number;
  readonly folded: boolean;
  readonly close: () => void;
}

function NoticeBox({ notice, behind, folded, close }: NoticeBoxProps) {
  const [held, setHeld] = useState(false);
  const closing = useRef(close);
  closing.current = close;
  useEffect(() => {
    if (held) return;
    const timer = window.setTimeout(() => closing.current(), notice.trouble ? TROUBLE_STAYS : STAYS);
    return () => window.clearTimeout(timer);
  }, [held, notice.trouble]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it stays as long as somebody reads it; nothing is done by it
    <div
      className={notice.trouble ? "notice trouble" : "notice"}
      role={notice.trouble ? "alert" : "status"}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div>
        <p>
          <Breaks text={notice.text} />
          {behind > 0 && (
            <span className="quiet">
              {" "}
              +{behind}
              <span className="unseen"> more</span>
            </span>
          )}
        </p>
        {notice.command && (folded ? <Commands commands={[["The same", notice.command]]} /> : <CommandLine text={notice.command} />)}
      </div>
      {notice.undo && (
        <button
          type="button"
          onClick={() => {
            close();
            notice.undo?.();
          }}
        >
          Undo
        </button>
      )}
      <button type="button" className="plain" aria-label="Close this message" onClick={close}>
        ×
      </button>
    </div>
  );
}
