/** Said plainly when what is shown may be old. */

import { useEffect, useState } from "react";
import { ROOT } from "../api/request";
import { useSignedOut } from "../api/signed-out";
import type { Connection } from "../api/stream";

/** A connection that comes back within this is not worth a word. */
const PATIENCE = 1_500;

export function ConnectionBanner({ state, again }: { readonly state: Connection; readonly again: () => void }) {
  const [late, setLate] = useState(false);
  const signedOut = useSignedOut() || state === "signed-out";
  const broken = state === "lost" || signedOut;
  useEffect(() => {
    if (!broken) {
      setLate(false);
      return;
    }
    const timer = window.setTimeout(() => setLate(true), PATIENCE);
    return () => window.clearTimeout(timer);
  }, [broken]);
  return (
    <div role="status" aria-live="polite" className="connection">
      {broken && (late || signedOut) && (
        <p>
          {signedOut ? (
            <>
              <span>
                <strong>You are signed out.</strong> What you see may be old.
              </span>
              <a href={`${ROOT}login?next=${encodeURIComponent(window.location.pathname + window.location.search)}`}>Sign in</a>
            </>
          ) : (
            <>
              <span>
                <strong>The connection to the server is lost.</strong> What you see may be old; it comes back by itself.
              </span>
              <button type="button" className="small" onClick={again}>
                Try now
              </button>
            </>
          )}
        </p>
      )}
    </div>
  );
}
