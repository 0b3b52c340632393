/** Files of the index, with their thumbnails where there are any. */

import { useState } from "react";
import { ROOT } from "../api/request";
import type { Entry } from "../api/schema";
import { PathText } from "../components/progress";
import { Failed, Nothing } from "../components/section";
import { useNow } from "../clock";
import { ago, exactly } from "../words";

interface EntryTableProps {
  readonly label: string;
  readonly entries: readonly Entry[] | undefined;
  readonly error: Error | null;
  readonly nothing: string;
}

export function EntryTable({ label, entries, error, nothing }: EntryTableProps) {
  const now = useNow();
  if (error) return <Failed error={error} />;
  if (!entries) return null;
  if (entries.length === 0) return <Nothing>{nothing}</Nothing>;
  return (
    <table className="entries">
      <caption className="unseen">{label}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">Picture</span>
          </th>
          <th scope="col">Name</th>
          <th scope="col" className="number">
            Size
          </th>
          <th scope="col" className="when">
            Changed
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.shown}>
            <td>
              <Thumbnail digest={entry.digest} name={entry.name} category={entry.kind === "folder" ? "folder" : entry.category} />
            </td>
            <td>
              <strong className="break">{entry.name}</strong>
              <PathText path={entry.shown.slice(0, entry.shown.lastIndexOf("/")) || "/"} />
            </td>
            <td className="number">{entry.kind === "folder" ? "folder" : entry.size_words}</td>
            <td className="when">
              {entry.modified_at && (
                <time dateTime={entry.modified_at} title={exactly(entry.modified_at)}>
                  {ago(entry.modified_at, now)}
                </time>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface ThumbnailProps {
  readonly digest: string | null;
  readonly name: string;
  readonly category: string;
  readonly large?: boolean;
}

export function Thumbnail({ digest, name, category, large = false }: ThumbnailProps) {
  const [absent, setAbsent] = useState(false);
  const className = large ? "thumbnail large" : "thumbnail";
  if (digest === null || absent) {
    const ending = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1];
    return (
      <span className={className} aria-hidden="true">
        {category === "folder" ? "▤" : (ending ?? category.slice(0, 3))}
      </span>
    );
  }
  return (
    <img className={className} src={`${ROOT}api/thumbnails/${digest}?size=256`} alt="" loading="lazy" onError={() => setAbsent(true)} />
  );
}
