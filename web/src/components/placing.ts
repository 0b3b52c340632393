/** Putting a waiting job elsewhere in line: at once in what is shown, then in the library; and the way back. */

import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type Beside, placeJob, setPriority } from "../api/actions";
import { placeCommand } from "../api/commands";
import type { Job, JobPage } from "../api/schema";
import { type Put, isMovable } from "./moving";
import { useNotices } from "./notices";

export function usePlacing(): Put {
  const client = useQueryClient();
  const notices = useNotices();

  async function put(job: Job, where: Beside, back: () => Promise<void>): Promise<void> {
    const before = await rearranged(client, job, where);
    try {
      const answer = await placeJob(client, job, where);
      notices.say({ text: said(job, answer, where), command: placeCommand(job, ...words(where)), undo: () => void back() });
    } catch (error) {
      for (const [key, data] of before) client.setQueryData(key, data);
      void client.invalidateQueries({ queryKey: ["jobs"] });
      notices.fail(error);
    }
  }

  return (job, line, from, to) => {
    const rest = line.filter((one) => one.id !== job.id);
    const where = besideIn(rest, to, job, to > from);
    if (!where) return;
    const origin = besideIn(rest, from, job, from > to);
    async function back(): Promise<void> {
      try {
        // Of its priority there was no other in sight: then that alone says where it was.
        const there = origin && neighbour(origin).priority === job.priority;
        await (there ? placeJob(client, job, origin) : setPriority(client, job, job.priority));
        void client.invalidateQueries({ queryKey: ["jobs", "line"] });
      } catch (error) {
        notices.fail(error);
      }
    }
    void put(job, where, back);
  };
}

/** Beside which job one waits, in what is shown of the line: to be put back there. Null where nobody waits beside it. */
export function standing(client: QueryClient, job: Job): Beside | null {
  const heads = client.getQueriesData<JobPage>({ queryKey: ["jobs", "waiting"] }).map(([, page]) => page?.jobs);
  const lists = client
    .getQueriesData<InfiniteData<JobPage>>({ queryKey: ["jobs", "line"] })
    .map(([, list]) => list?.pages.flatMap((page) => page.jobs));
  const line = [...lists, ...heads].find((jobs) => jobs?.some((one) => one.id === job.id)) ?? [];
  const at = line.findIndex((one) => one.id === job.id);
  const beside = besideIn(
    line.filter((one) => one.id !== job.id),
    at,
    job,
    true,
  );
  return beside && neighbour(beside).priority === job.priority ? beside : null;
}

/** The neighbour beside which a job comes to stand in a line without it: one of its own priority if there is one, else
 * the one that it has passed. */
function besideIn(rest: readonly Job[], at: number, job: Job, passedUpwards: boolean): Beside | null {
  const above = rest[at - 1];
  const below = rest[at];
  const after = above && isMovable(above) ? { after: above } : null;
  const before = below && isMovable(below) ? { before: below } : null;
  if (after && before && above?.priority !== below?.priority) {
    if (above?.priority === job.priority) return after;
    if (below?.priority === job.priority) return before;
  }
  return passedUpwards ? (after ?? before) : (before ?? after);
}

function neighbour(where: Beside): Job {
  return "before" in where ? where.before : where.after;
}

function words(where: Beside): readonly string[] {
  return ["before" in where ? "--before" : "--after", neighbour(where).short_id];
}

function said(job: Job, answer: Job, where: Beside): string {
  const place = "before" in where ? "comes before" : "comes after";
  const changed = answer.priority === job.priority ? "" : ` Its priority is ${answer.priority} now, as that one's is.`;
  return `${job.title} ${place} ${neighbour(where).title} now.${changed}`;
}

/** Move it in every list that is shown. Answers what these were, to be put back. */
async function rearranged(client: QueryClient, job: Job, where: Beside) {
  const lists = { queryKey: ["jobs", "line"] };
  const heads = { queryKey: ["jobs", "waiting"] };
  await Promise.all([client.cancelQueries(lists), client.cancelQueries(heads)]);
  const before = [...client.getQueriesData(lists), ...client.getQueriesData(heads)];
  client.setQueriesData<JobPage>(heads, (page) => page && { ...page, jobs: within(page.jobs, job, where) });
  client.setQueriesData<InfiniteData<JobPage>>(lists, (list) => {
    if (!list) return list;
    return { ...list, pages: list.pages.map((page) => ({ ...page, jobs: within(page.jobs, job, where) })) };
  });
  return before;
}

/** Taken out where it is, put in where the neighbour is. */
function within(jobs: readonly Job[], job: Job, where: Beside): readonly Job[] {
  const other = neighbour(where);
  const rest = jobs.filter((one) => one.id !== job.id);
  const at = rest.findIndex((one) => one.id === other.id);
  if (at < 0) return rest;
  return rest.toSpliced("before" in where ? at : at + 1, 0, { ...job, priority: other.priority });
}
