/** The first page: what goes on, top to bottom. */

import { useQuery } from "@tanstack/react-query";
import { overview } from "../api/queries";
import { useTitle } from "../routing";
import { Hero } from "./hero";
import { NeedsYou } from "./needs-you";
import { RecentHistory } from "./recent-history";
import { Running } from "./running";
import { Schedules } from "./schedules";
import { Waiting } from "./waiting";

export function Home() {
  const { data } = useQuery(overview);
  const running = data?.counts.running ?? 0;
  useTitle(`${running ? `${running} running · ` : ""}${data?.name ?? "Jobs"}`);
  return (
    <>
      <Hero />
      <NeedsYou />
      <Running />
      <Waiting />
      <Schedules />
      <RecentHistory />
    </>
  );
}
