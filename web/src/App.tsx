/** The frame of the page, and which of its parts an address shows. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Live } from "./api/live";
import type { Event } from "./api/schema";
import type { Connection } from "./api/stream";
import { ConnectionBanner } from "./components/connection";
import { Mishap } from "./components/mishap";
import { useNotices } from "./components/notices";
import { keepFocus } from "./focus";
import { usePlace } from "./routing";
import { useShortcuts } from "./shortcuts";
import { Footer } from "./views/footer";
import { Help } from "./views/help";
import { History } from "./views/history";
import { Home } from "./views/home";
import { JobPage } from "./views/job-page";
import { LibraryPage } from "./views/library";
import { NewJob } from "./views/new-job";
import { TopBar } from "./views/top-bar";
import { WaitingPage } from "./views/waiting";
import { counted } from "./words";

export function App() {
  const [connection, setConnection] = useState<Connection>("connecting");
  const [helping, setHelping] = useState(false);
  const live = useLive(setConnection);
  const main = useRef<HTMLElement>(null);
  const { path } = usePlace();
  useShortcuts(() => setHelping((open) => !open));
  useFocusOnNewPlace(main);
  useEffect(keepFocus, []);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a place in the page, to which the focus is brought by hand */}
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        To the content
      </a>
      <TopBar onHelp={() => setHelping(true)}>
        <ConnectionBanner state={connection} again={() => live.current?.again()} />
      </TopBar>
      <main ref={main} id="main" tabIndex={-1}>
        <Mishap key={path}>
          <Part />
        </Mishap>
      </main>
      <Footer />
      {helping && <Help onClose={() => setHelping(false)} />}
    </>
  );
}

function Part() {
  const { path } = usePlace();
  const [first = "", second = ""] = path.split("/");
  switch (first) {
    case "":
      return <Home />;
    case "jobs":
      return second ? <JobPage key={second} id={second} /> : <Home />;
    case "waiting":
      return <WaitingPage />;
    case "history":
      return <History />;
    case "library":
      return <LibraryPage />;
    case "new":
      return <NewJob kind={decoded(second)} />;
    default:
      return <Nowhere />;
  }
}

/** An address may be anything; what is no text in it is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function Nowhere() {
  return (
    <div className="page">
      <h1>There is nothing here</h1>
      <p>The address may be mistyped, or come from another version of the page.</p>
    </div>
  );
}

function useLive(onConnection: (state: Connection) => void) {
  const client = useQueryClient();
  const notices = useNotices();
  const live = useRef<Live | null>(null);
  const connection = useRef(onConnection);
  connection.current = onConnection;
  useEffect(() => {
    live.current = new Live(client, {
      connection: (state) => connection.current(state),
      ended: (events) => notices.announce(endings(events)),
    });
    return live.current.start();
  }, [client, notices]);
  return live;
}

/** For screen readers: `2 jobs completed, 1 job failed.` */
function endings(events: readonly Event[]): string {
  const counts = new Map<string, number>();
  for (const event of events) counts.set(event.status, (counts.get(event.status) ?? 0) + 1);
  return `${[...counts].map(([status, count]) => `${counted(count, "job")} ${status}`).join(", ")}.`;
}

/** A link within the page moves the focus as a link to another page would. */
function useFocusOnNewPlace(main: { readonly current: HTMLElement | null }): void {
  const { path } = usePlace();
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path, main]);
}
