/** The command-line twin of what a button does, to be copied. */

import { useEffect, useState } from "react";

const SAID_FOR = 2_500;

type Outcome = "" | "Copied" | "Not copied";

export function CommandLine({ text }: { readonly text: string }) {
  const [outcome, setOutcome] = useState<Outcome>("");
  useEffect(() => {
    if (!outcome) return;
    const timer = window.setTimeout(() => setOutcome(""), SAID_FOR);
    return () => window.clearTimeout(timer);
  }, [outcome]);
  return (
    <span className="command">
      <code>{text}</code>
      <button
        type="button"
        className="small"
        onClick={() => void copied(text).then((done) => setOutcome(done ? "Copied" : "Not copied"))}
        aria-label={`Copy the command ${text}`}
      >
        {outcome || "Copy"}
      </button>
      <span aria-live="polite" className="unseen">
        {outcome}
      </span>
    </span>
  );
}

interface CommandsProps {
  readonly commands: readonly (readonly [string, string | null])[];
  readonly label?: string;
}

/** Those of several actions, folded away until somebody wants them. */
export function Commands({ commands, label = "Command line" }: CommandsProps) {
  const known = commands.filter((one): one is readonly [string, string] => one[1] !== null);
  if (known.length === 0) return null;
  return (
    <details className="commands">
      <summary>{label}</summary>
      <dl>
        {known.map(([name, command]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <CommandLine text={command} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedTheOldWay(text);
  }
}

/** Where the page is reached without TLS from another machine there is no clipboard to write to. */
function copiedTheOldWay(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
