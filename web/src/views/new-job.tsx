/** A new job: first what, then a form made from the kind's own description of its arguments. */

import { useQuery } from "@tanstack/react-query";
import { kinds, overview } from "../api/queries";
import type { Kind } from "../api/schema";
import { Failed } from "../components/section";
import { GROUPS, PURPOSE, kindName } from "../kinds";
import { useMay } from "../role";
import { Link, usePlace, useTitle } from "../routing";
import { JobForm } from "./job-form";

export function NewJob({ kind }: { readonly kind: string }) {
  const { data, error, refetch } = useQuery(kinds);
  const may = useMay();
  const role = useQuery(overview);
  const found = data?.kinds.find((one) => one.kind === kind || one.aliases.includes(kind));
  useTitle(found ? kindName(found) : "New job");
  if (!role.data) return role.error ? <Failed error={role.error} again={() => void role.refetch()} /> : <div className="page" />;
  if (!may) {
    return (
      <div className="page">
        <h1>New job</h1>
        <p>With this token you may look, and change nothing.</p>
      </div>
    );
  }
  if (error) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <div className="page" />;
  if (kind === "") return <Choice all={data.kinds} />;
  if (found) return <JobForm key={found.kind} kind={found} />;
  return (
    <div className="page">
      <h1>There is no such kind of job here</h1>
      <p>
        This server does not know <code>{kind}</code>. <Link to="new">See what it knows</Link>
      </p>
    </div>
  );
}

function Choice({ all }: { readonly all: readonly Kind[] }) {
  const { query } = usePlace();
  const clock = query.get("when") === "clock";
  const named = new Set(GROUPS.flatMap((group) => group.kinds));
  const groups = [
    ...GROUPS.map((group) => ({ title: group.title, kinds: group.kinds.flatMap((name) => all.filter((one) => one.kind === name)) })),
    { title: "More", kinds: all.filter((one) => !named.has(one.kind)) },
  ].filter((group) => group.kinds.length > 0);
  return (
    <div className="page">
      <h1>{clock ? "What shall run by the clock?" : "What shall be done?"}</h1>
      {groups.map((group) => (
        <section key={group.title} className="kinds" aria-label={group.title}>
          <h2>{group.title}</h2>
          <ul>
            {group.kinds.map((one) => (
              <li key={one.kind}>
                <Link to={`new/${encodeURIComponent(one.kind)}${clock ? "?when=clock" : ""}`} className="kind">
                  <strong>{kindName(one)}</strong>
                  {PURPOSE[one.kind] && <span>{PURPOSE[one.kind]}</span>}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
