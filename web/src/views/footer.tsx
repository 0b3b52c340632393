/** Where the library is, who runs it, and the way out. */

import { useQuery } from "@tanstack/react-query";
import { overview } from "../api/queries";
import { ROOT, post } from "../api/request";
import { useNotices } from "../components/notices";
import { counted } from "../words";

export function Footer() {
  const { data } = useQuery(overview);
  const notices = useNotices();
  async function leave(): Promise<void> {
    try {
      await post("logout");
      window.location.assign(`${ROOT}login`);
    } catch (error) {
      notices.fail(error);
    }
  }
  if (!data) return null;
  const working = data.runners.filter((runner) => runner.mode === "all").length;
  return (
    <footer className="foot">
      <p>
        Library <code>{data.shown}</code>
      </p>
      <p>{working ? `${counted(working, "process", "processes")} run${working === 1 ? "s" : ""} its jobs` : "No process runs its jobs"}</p>
      {data.role === "read" && <p>You may look, and change nothing.</p>}
      <button type="button" className="link" onClick={() => void leave()}>
        Sign out
      </button>
    </footer>
  );
}
