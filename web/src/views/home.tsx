/** The first page: what goes on, top to bottom. */

import { useQuery } from "@tanstack/react-query";
import { overview } from "../api/queries";
import { Section } from "../components/section";
import { useMay } from "../role";
import { Link, useTitle } from "../routing";
import { Hero, isFull } from "./hero";
import { NeedsYou } from "./needs-you";
import { RecentHistory } from "./recent-history";
import { Running } from "./running";
import { Schedules } from "./schedules";
import { Waiting } from "./waiting";

const BEGINNINGS = [
  ["indexer", "Index a folder", "So that its files can be searched, and duplicates found."],
  ["file_copy", "Copy photos", "From a card or a drive; every copy is whole, and checked if you like."],
  ["backup", "Back a folder up", "Index, thumbnails and a checked copy in one."],
] as const;

/** Of a library in which nothing has been done yet. */
function Welcome() {
  const may = useMay();
  if (!may) return null;
  return (
    <Section title="Begin">
      <ul className="beginnings">
        {BEGINNINGS.map(([kind, name, what]) => (
          <li key={kind}>
            <Link to={`new/${kind}`} className="kind">
              <strong>{name}</strong>
              <span>{what}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Home() {
  const { data } = useQuery(overview);
  const running = data && !isFull(data) ? data.counts.running : 0;
  const empty = data !== undefined && Object.values(data.counts).every((count) => count === 0);
  useTitle(`${running ? `${running} running · ` : ""}${data?.name ?? "Jobs"}`);
  return (
    <>
      <Hero />
      <NeedsYou />
      {empty && <Welcome />}
      <Running />
      <Waiting />
      <Schedules />
      <RecentHistory />
    </>
  );
}
