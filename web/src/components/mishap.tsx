/** A part of the page that broke says so, with a way on, instead of leaving the page blank. */

import { Component, type ReactNode } from "react";
import { ROOT } from "../api/request";

interface MishapProps {
  readonly children: ReactNode;
}

interface MishapState {
  readonly broken: boolean;
}

export class Mishap extends Component<MishapProps, MishapState> {
  override state: MishapState = { broken: false };

  static getDerivedStateFromError(): MishapState {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div className="page" role="alert">
        <h1>This part of the page cannot be shown</h1>
        <p>Something went wrong in this browser. Jobs go on as before; nothing of them is lost.</p>
        <p className="actions">
          <button type="button" onClick={() => window.location.reload()}>
            Load it again
          </button>
          <a className="button" href={ROOT}>
            To all jobs
          </a>
        </p>
      </div>
    );
  }
}
