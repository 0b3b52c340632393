/** Requests to the API. What fails is a `Refused` with a sentence for people. */

import type { InvalidParameter, Problem } from "./schema";
import { awaitingAnswer } from "./signed-out";

/** Where the application is mounted, with a slash at its end. */
export const ROOT = new URL(document.baseURI).pathname.replace(/[^/]*$/, "");

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly parameters: readonly InvalidParameter[] = [],
  ) {
    super(detail);
  }
}

/** The server does not answer at all. */
export class Unreachable extends Refused {
  constructor() {
    super(0, "unreachable", "The server does not answer. Is sdjobs serve still running?");
  }
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return answered<T>("GET", path + queryText(query), undefined, signal);
}

export async function post<T>(path: string, body?: unknown): Promise<T> {
  return answered<T>("POST", path, body);
}

export async function put<T>(path: string, body: unknown): Promise<T> {
  return answered<T>("PUT", path, body);
}

export async function remove(path: string): Promise<void> {
  await answered<undefined>("DELETE", path);
}

export function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

async function answered<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const answeredWith = awaitingAnswer();
  const response = await fetch(`${ROOT}api/${path}`, {
    method,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    ...(signal ? { signal } : {}),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Unreachable();
  });
  answeredWith(response.status);
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** What the server said, or as much as can be said of an answer that is none of its own. */
export async function refusal(response: Response): Promise<Refused> {
  if (response.status === 401) return new Refused(401, "signed_out", "You are signed out. Sign in again to go on.");
  const problem = (await response.json().catch(() => null)) as Problem | null;
  if (typeof problem?.detail !== "string") {
    return new Refused(response.status, "unexpected", `The server answered in an unexpected way (${response.status}).`);
  }
  return new Refused(response.status, problem.code, problem.detail, problem.parameters);
}

export function sentenceOf(error: unknown): string {
  return error instanceof Refused ? error.message : "Something went wrong on this page. Loading it again may help.";
}
