/** What the index knows: folders, what they hold, search, the largest, duplicates. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { filesCommand, indexCommand, searchCommand } from "../api/commands";
import { MOST_ENTRIES, duplicates, largest, overview, recent, search } from "../api/queries";
import { post } from "../api/request";
import type { Dispatched, Entry, Location, Overview } from "../api/schema";
import { Act } from "../components/act";
import { CommandLine } from "../components/command";
import { useNotices } from "../components/notices";
import { Failed, Nothing, Section } from "../components/section";
import { useTyped } from "../components/typed";
import { useNow } from "../clock";
import { categoryWords } from "../kinds";
import { useMay } from "../role";
import { Link, goTo, setQuery, usePlace, useTitle } from "../routing";
import { ago, capital, counted, number, size } from "../words";
import { EntryTable, Thumbnail } from "./entries";

const VIEWS = [
  ["", "Largest"],
  ["recent", "Changed last"],
  ["duplicates", "Duplicates"],
] as const;

export function LibraryPage() {
  const { data } = useQuery(overview);
  const may = useMay();
  useTitle(data ? `Library ${data.name}` : "Library");
  return (
    <div className="library-page">
      <div className="page-head">
        <h1>{data ? librarySentence(data) : "…"}</h1>
      </div>
      <Section
        title="Folders"
        aside={
          may && (
            <p>
              <Link to="new/indexer">Add a folder</Link>
            </p>
          )
        }
      >
        {data?.locations.length === 0 && <Nothing>No folder is indexed yet. Add one, and its files can be searched and compared.</Nothing>}
        <ul className="locations">
          {data?.locations.map((location) => (
            <LocationRow key={location.id} location={location} may={may} />
          ))}
        </ul>
      </Section>
      {data && data.categories.length > 0 && <Categories overview={data} />}
      <Files />
    </div>
  );
}

function librarySentence(known: Overview): string {
  if (known.files === 0) return "Nothing is indexed yet.";
  return `${counted(known.files, "file")}, ${size(known.bytes)}.`;
}

function LocationRow({ location, may }: { readonly location: Location; readonly may: boolean }) {
  const client = useQueryClient();
  const notices = useNotices();
  const now = useNow();
  const [busy, setBusy] = useState(false);
  async function index(): Promise<void> {
    setBusy(true);
    try {
      const made = await post<Dispatched>("jobs", { kind: "indexer", arguments: { root: location.path } });
      void client.invalidateQueries({ queryKey: ["jobs"] });
      goTo(`jobs/${made.id}`);
    } catch (error) {
      notices.fail(error);
    }
    setBusy(false);
  }
  return (
    <li data-state={location.state}>
      <div>
        <strong className="break">{location.shown}</strong>
        <p className="quiet">
          {location.sentence ? capital(location.sentence) : "Indexed"}
          {location.indexed_at && ` · looked at ${ago(location.indexed_at, now)}`}
        </p>
      </div>
      {may && (
        <Act className="small" busy={busy} onPress={() => void index()} title={indexCommand(location)}>
          Look again
        </Act>
      )}
    </li>
  );
}

function Categories({ overview: { categories, bytes } }: { readonly overview: Overview }) {
  const found = [...categories].filter((one) => one.files > 0).sort((one, other) => other.bytes - one.bytes);
  return (
    <Section title="What it holds">
      <table className="categories">
        <thead className="unseen">
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Share</th>
            <th scope="col">Size</th>
            <th scope="col">Files</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => (
            <tr key={one.category}>
              <th scope="row">{categoryWords(one.category)}</th>
              <td>
                <span className="share" aria-hidden="true">
                  <span style={{ transform: `scaleX(${one.bytes / Math.max(bytes, 1)})` }} />
                </span>
                <span className="unseen">{Math.round((one.bytes / Math.max(bytes, 1)) * 100)} %</span>
              </td>
              <td>{size(one.bytes)}</td>
              <td>{counted(one.files, "file")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Files() {
  const { query } = usePlace();
  const view = query.get("view") ?? "";
  const [text, setText, sought] = useTyped("library");
  return (
    <Section title="Files">
      <label className="search wide">
        <span>Search by name</span>
        <input type="search" value={text} maxLength={500} placeholder="harbour 2019" onChange={(event) => setText(event.target.value)} />
      </label>
      {sought ? (
        <>
          <Found text={sought} />
          <CommandLine text={searchCommand(sought, MOST_ENTRIES)} />
        </>
      ) : (
        <>
          <fieldset className="choice">
            <legend className="unseen">Which files</legend>
            {VIEWS.map(([value, words]) => (
              <label key={value}>
                <input type="radio" name="view" checked={view === value} onChange={() => setQuery("library", query, "view", value)} />
                <span>{words}</span>
              </label>
            ))}
          </fieldset>
          {view === "duplicates" ? <Duplicates /> : <Listed view={view} />}
          <CommandLine text={filesCommand(view === "recent" || view === "duplicates" ? view : "largest", MOST_ENTRIES)} />
        </>
      )}
    </Section>
  );
}

function Found({ text }: { readonly text: string }) {
  const { data, error } = useQuery(search(text));
  const entries = data?.entries;
  return (
    <>
      {entries && entries.length >= MOST_ENTRIES && (
        <p className="quiet" role="status">
          The first {number(MOST_ENTRIES)} are shown, and there may be more. Type more of the name to find the others.
        </p>
      )}
      <EntryTable label={`Files called ${text}`} entries={entries} error={error} nothing="No file is called so." />
    </>
  );
}

function Listed({ view }: { readonly view: string }) {
  const { data, error } = useQuery(view === "recent" ? recent : largest);
  const label = view === "recent" ? "Files that changed last" : "The largest files";
  const entries = data?.entries;
  return (
    <>
      <EntryTable label={label} entries={entries} error={error} nothing="Nothing is indexed yet." />
      {entries && entries.length >= MOST_ENTRIES && (
        <p className="quiet">Only the first {number(MOST_ENTRIES)} are shown. Search by name to find the others.</p>
      )}
    </>
  );
}

function Duplicates() {
  const { data, error } = useQuery(duplicates);
  if (error) return <Failed error={error} />;
  if (!data) return null;
  if (data.groups.length === 0) {
    return (
      <Nothing>
        No two files are known to hold the same. <Link to="new/duplicates">Look for duplicates</Link>
      </Nothing>
    );
  }
  return (
    <ul className="duplicates">
      {data.groups.map((group) => (
        <li key={group.digest}>
          <Thumbnail digest={group.digest} name={group.files[0]?.name ?? ""} category={group.files[0]?.category ?? ""} large />
          <div>
            <h3>{capital(group.sentence)}</h3>
            <ul>
              {group.files.map((file: Entry) => (
                <li key={file.shown} className="break">
                  {file.shown}
                </li>
              ))}
            </ul>
            {group.count > group.files.length && <p className="quiet">and {group.count - group.files.length} more</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
