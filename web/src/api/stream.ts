/**
 * The event stream: read by fetch, not by EventSource, because only so heartbeats are seen, and a connection that died
 * without a word is noticed. It goes on after the last number that was told, so nothing is left out.
 */

import { ROOT, refusal } from "./request";
import type { Changed, Event, Hello, Movement, Resync } from "./schema";
import { awaitingAnswer } from "./signed-out";

export type Connection = "connecting" | "live" | "lost" | "signed-out";

export interface Messages {
  readonly hello: Hello;
  readonly job: Event;
  readonly progress: Movement;
  readonly changed: Changed;
  readonly resync: Resync;
}

export interface Listener {
  connection(state: Connection): void;
  message<Name extends keyof Messages>(name: Name, data: Messages[Name]): void;
}

/** The server sends something at least every 15 seconds. */
const SILENT = 40_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;
/** Of a page that nobody sees; a browser has only about six connections to a server, for all its tabs. */
const HIDDEN_FOR = 60_000;

const NAMES: ReadonlySet<string> = new Set(["hello", "job", "progress", "changed", "resync"]);

export class EventStream {
  private last: string | null = null;
  private stopped = false;
  private current: AbortController | null = null;
  private pause = FIRST_PAUSE;
  private timer: number | undefined;
  private hiding: number | undefined;

  constructor(private readonly listener: Listener) {}

  start(): () => void {
    const seen = () => this.visibility();
    const online = () => this.again();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", online);
    // A tab that was opened in the background takes no connection from those that are seen.
    if (document.visibilityState !== "hidden") void this.connect();
    return () => {
      this.stopped = true;
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", online);
      this.rest();
    };
  }

  /** Try at once instead of at the end of the pause. */
  again(): void {
    if (this.current !== null || this.stopped) return;
    window.clearTimeout(this.timer);
    void this.connect();
  }

  private rest(): void {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.hiding);
    this.current?.abort();
    this.current = null;
  }

  private visibility(): void {
    window.clearTimeout(this.hiding);
    if (document.visibilityState === "hidden") this.hiding = window.setTimeout(() => this.rest(), HIDDEN_FOR);
    else this.again();
  }

  private async connect(): Promise<void> {
    const abort = new AbortController();
    this.current = abort;
    try {
      await this.read(abort);
    } catch {
      // Whatever it was, the connection is over: it is said below, and tried again.
    }
    if (this.current !== abort || this.stopped) return;
    this.current = null;
    if (document.visibilityState === "hidden") return;
    this.listener.connection(this.signedOut ? "signed-out" : "lost");
    this.timer = window.setTimeout(() => this.again(), this.pause);
    this.pause = Math.min(this.pause * 1.6, LONGEST_PAUSE);
  }

  private signedOut = false;

  private async read(abort: AbortController): Promise<void> {
    const watch = new Watchdog(SILENT, abort);
    const answeredWith = awaitingAnswer();
    try {
      const response = await fetch(`${ROOT}api/events`, {
        headers: { Accept: "text/event-stream", ...(this.last === null ? {} : { "Last-Event-ID": this.last }) },
        credentials: "same-origin",
        cache: "no-store",
        signal: abort.signal,
      });
      this.signedOut = response.status === 401;
      answeredWith(response.status);
      if (!response.ok || response.body === null) throw await refusal(response);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        watch.seen();
        const blocks = (rest + part.value).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) this.take(block);
      }
    } finally {
      watch.end();
    }
  }

  private take(block: string): void {
    let name = "";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data = line.slice(6);
      else if (line.startsWith("id: ")) this.last = line.slice(4);
    }
    if (!NAMES.has(name)) return;
    if (name === "hello") {
      this.pause = FIRST_PAUSE;
      this.listener.connection("live");
    }
    const known = name as keyof Messages;
    this.listener.message(known, JSON.parse(data) as Messages[typeof known]);
  }
}

/** Gives a connection up on which nothing has come for too long. */
class Watchdog {
  private timer: number;

  constructor(
    private readonly patience: number,
    private readonly abort: AbortController,
  ) {
    this.timer = this.started();
  }

  seen(): void {
    window.clearTimeout(this.timer);
    this.timer = this.started();
  }

  end(): void {
    window.clearTimeout(this.timer);
  }

  private started(): number {
    return window.setTimeout(() => this.abort.abort(), this.patience);
  }
}
