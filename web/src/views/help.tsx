/** What the keys do. */

import { Dialog } from "../components/dialog";
import { change, useSettings } from "../settings";
import { SHORTCUTS } from "../shortcuts";

export function Help({ onClose }: { readonly onClose: () => void }) {
  const { shortcuts } = useSettings();
  return (
    <Dialog title="Help" onClose={onClose}>
      <p>
        Whatever this page does, the command line does too: open <em>Command line</em> beside a job and copy what to type. A job that is
        paused, or stopped by a restart, goes on where it was.
      </p>
      <h3>Keys</h3>
      <dl className="keys">
        {SHORTCUTS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(/ (?=\/|then)|(?<=\/|then) /).map((word) =>
                word === "/" && keys !== "/" ? " / " : word === "then" ? " then " : <kbd key={word}>{word}</kbd>,
              )}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={shortcuts} onChange={(event) => change({ shortcuts: event.target.checked })} />
        Single keys act on this page
      </label>
    </Dialog>
  );
}
