/** A part of the page: its name in the margin, what it holds beside it. */

import { type ReactNode, useId } from "react";

interface SectionProps {
  readonly title: string;
  /** Beside the title: a count, a link, a button. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

export function Section({ title, aside, children, className }: SectionProps) {
  const id = useId();
  return (
    <section className={className ? `part ${className}` : "part"} aria-labelledby={id}>
      <div className="margin">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      <div className="body">{children}</div>
    </section>
  );
}

export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="nothing">{children}</p>;
}

/** What could not be asked of the server, in its place. */
export function Failed({ error, again }: { readonly error: unknown; readonly again?: () => void }) {
  return (
    <p className="failed" role="alert">
      {error instanceof Error ? error.message : "This could not be loaded."}{" "}
      {again && (
        <button type="button" className="small" onClick={again}>
          Ask again
        </button>
      )}
    </p>
  );
}
