/** The last few jobs that ended, on the first page. */

import { useQuery } from "@tanstack/react-query";
import { ENDED, newest } from "../api/queries";
import { JobTable } from "../components/job-table";
import { Failed, Nothing, Section } from "../components/section";
import { Link } from "../routing";
import { HISTORY } from "./history";
import { Week } from "./statistics";

const FEW = 8;
const ALL = { statuses: ENDED, kind: "", text: "" };

export function RecentHistory() {
  const { data, error, refetch } = useQuery(newest(ALL, FEW));
  const jobs = data?.jobs ?? [];
  return (
    <Section
      title="History"
      aside={
        jobs.length > 0 && (
          <p>
            <Link to="history">All, with search</Link>
          </p>
        )
      }
    >
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {data && jobs.length === 0 && <Nothing>No job has ended yet.</Nothing>}
      {jobs.length > 0 && <JobTable label="Jobs that ended last" jobs={jobs} columns={HISTORY} />}
      <Week />
    </Section>
  );
}
