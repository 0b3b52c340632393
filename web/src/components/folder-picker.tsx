/** Folders below the roots that the server was started with; nothing else of the disk can be seen. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { folders } from "../api/queries";
import type { Folder } from "../api/schema";
import { split } from "../words";
import { Dialog } from "./dialog";
import { Failed, Nothing } from "./section";

interface FolderPickerProps {
  readonly onChoose: (path: unknown) => void;
  readonly onClose: () => void;
}

export function FolderPicker({ onChoose, onClose }: FolderPickerProps) {
  const [id, setId] = useState<string | null>(null);
  const [hidden, setHidden] = useState(false);
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...folders(id, hidden), placeholderData: keepPreviousData });
  const here = data?.folder ?? null;
  const box = useRef<HTMLDivElement>(null);
  useEntered(box, isPlaceholderData ? undefined : data && (here?.id ?? ""));
  return (
    <Dialog title="Choose a folder" onClose={onClose}>
      <div className="picker" ref={box} aria-busy={isPlaceholderData || undefined}>
        <p className="here" aria-live="polite">
          {here ? here.shown : "Where to begin"}
        </p>
        {id !== null && (
          <button type="button" className="small" onClick={() => setId(data?.parent ?? null)}>
            ↑ One up
          </button>
        )}
        {error && <Failed error={error} again={() => void refetch()} />}
        <ul aria-label="Folders">
          {data?.folders.map((folder) => (
            <li key={folder.id}>
              <FolderButton folder={folder} whole={here === null} onOpen={() => setId(folder.id)} />
            </li>
          ))}
        </ul>
        {data && data.folders.length === 0 && <Nothing>There is no folder in it.</Nothing>}
        {data?.more && <p className="quiet">There are more than are shown; type the path instead.</p>}
        <label className="check">
          <input type="checkbox" checked={hidden} onChange={(event) => setHidden(event.target.checked)} />
          Hidden folders too
        </label>
      </div>
      <footer>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="button" className="strong" disabled={here === null} onClick={() => here && onChoose(here.path)}>
          Take this folder
        </button>
      </footer>
    </Dialog>
  );
}

/** In another folder the focus is on the first of what is in it, or on the way back. */
function useEntered(box: { readonly current: HTMLElement | null }, id: string | undefined): void {
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (id === undefined || id === before.current) return;
    const first = before.current === undefined;
    before.current = id;
    if (first) return;
    const inside = box.current?.querySelector<HTMLElement>("ul button:not(:disabled)");
    (inside ?? box.current?.querySelector("button"))?.focus();
  }, [id, box]);
}

function FolderButton({ folder, whole, onOpen }: { readonly folder: Folder; readonly whole: boolean; readonly onOpen: () => void }) {
  return (
    <button type="button" className="folder-button" disabled={!folder.readable} onClick={onOpen}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d="M2 5h6l2 2h8v9H2z" />
      </svg>
      <span>{whole ? folder.shown : split(folder.shown)[1]}</span>
      {!folder.readable && <span className="quiet">may not be looked into</span>}
    </button>
  );
}
