/** One action for all jobs of a filter, after one question that says how many. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type BulkVerb, askAll, countOf } from "../api/actions";
import { type JobFilter, isLong } from "../api/queries";
import { filterCommand } from "../api/commands";
import { useMay } from "../role";
import { counted } from "../words";
import { Act } from "./act";
import { CommandLine } from "./command";
import { Confirm } from "./dialog";
import { useNotices } from "./notices";

interface BulkProps {
  readonly verb: BulkVerb;
  readonly meant: JobFilter;
  /** On the button. */
  readonly label: string;
  /** In the question: `Cancel 200 jobs?` */
  readonly question: string;
  readonly explanation: string;
  readonly doIt: string;
}

export function Bulk({ verb, meant, label, question, explanation, doIt }: BulkProps) {
  const client = useQueryClient();
  const notices = useNotices();
  const [count, setCount] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const may = useMay();
  async function open(): Promise<void> {
    try {
      const found = await countOf(meant);
      if (found === 0) notices.say({ text: "There are no such jobs now." });
      else setCount(found);
    } catch (error) {
      notices.fail(error);
    }
  }
  async function act(): Promise<void> {
    setBusy(true);
    try {
      notices.say({ text: (await askAll(verb, meant)).sentence, command });
      await client.resetQueries({ predicate: isLong });
      void client.invalidateQueries();
    } catch (error) {
      notices.fail(error);
    }
    setBusy(false);
    setCount(null);
  }
  if (!may) return null;
  const command = filterCommand(verb, meant);
  return (
    <>
      <Act onPress={() => void open()} title={command}>
        {label}
      </Act>
      {count !== null && (
        <Confirm
          title={question.replace("{}", counted(count, "job"))}
          doIt={doIt.replace("{}", counted(count, "job"))}
          busy={busy}
          onDo={() => void act()}
          onClose={() => setCount(null)}
        >
          <p>{explanation}</p>
          <p>
            <CommandLine text={command} />
          </p>
        </Confirm>
      )}
    </>
  );
}
