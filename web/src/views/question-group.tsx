/** Questions of one job on one matter, answered in place: each by itself, or all at once. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { answerCommand } from "../api/commands";
import { job } from "../api/queries";
import { post } from "../api/request";
import type { Done, Job, Question } from "../api/schema";
import { Act } from "../components/act";
import { Breaks } from "../components/breaks";
import { Commands } from "../components/command";
import { useNotices } from "../components/notices";
import { answerWords } from "../kinds";
import { useMay } from "../role";
import { Link } from "../routing";
import { counted, number, sentence } from "../words";

const FEW = 3;
const MORE = 20;

export function QuestionGroup({ questions: asked }: { readonly questions: readonly Question[] }) {
  const client = useQueryClient();
  const notices = useNotices();
  const [shown, setShown] = useState(FEW);
  const [folded, setFolded] = useState(true);
  const [busy, setBusy] = useState(false);
  const may = useMay();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (!folded) list.current?.querySelector<HTMLElement>("button, input")?.focus();
  }, [folded]);
  const questions = useMemo(() => [...asked].sort(byText), [asked]);
  const first = questions[0];
  const asker = useQuery({ ...job(first?.job ?? ""), enabled: first !== undefined }).data;
  if (!first) return null;

  async function answer(question: Question, value: unknown, forAll: boolean): Promise<void> {
    setBusy(true);
    try {
      await post<Done>(`questions/${question.id}/answer`, { answer: value, for_all: forAll });
      const command = answerCommand(question, String(value), forAll);
      notices.say({ text: forAll ? "Answered for all of them; the job goes on." : "Answered.", command });
    } catch (error) {
      notices.fail(error);
    }
    await client.invalidateQueries({ queryKey: ["questions"] });
    void client.invalidateQueries({ queryKey: ["overview"] });
    setBusy(false);
  }

  const many = questions.length > 1;
  return (
    <article className="card question-card" data-job={first.job}>
      <header>
        <h3>
          <Link to={`jobs/${first.job}`} className="title">
            <Breaks text={asker?.title ?? "A job"} />
          </Link>{" "}
          <span className="quiet">asks {many && counted(questions.length, "question")}</span>
        </h3>
      </header>
      {may && many && (
        <div className="for-all">
          <p>One answer for all {questions.length}:</p>
          <Answers question={first} busy={busy} forAll onAnswer={(value) => void answer(first, value, true)} />
        </div>
      )}
      <ul className="questions" ref={list}>
        {questions.slice(0, shown).map((question) => (
          <li key={question.id}>
            <p>
              <Breaks text={question.text} />
            </p>
            {may && !(many && folded) && (
              <Answers question={question} busy={busy} onAnswer={(value) => void answer(question, value, false)} />
            )}
          </li>
        ))}
      </ul>
      {questions.length > shown && folded && <p className="quiet">And {number(questions.length - shown)} more.</p>}
      {may && many && folded && (
        <button type="button" className="link" onClick={() => setFolded(false)}>
          Answer one by one
        </button>
      )}
      {questions.length > shown && !folded && (
        <button type="button" className="link" onClick={() => setShown(shown + MORE)}>
          Show {counted(Math.min(MORE, questions.length - shown), "more question")}
        </button>
      )}
      <footer>
        <span className="quiet">{asker && meanwhile(asker)}</span>
        <Commands
          commands={(first.choices.length ? first.choices : ["ANSWER"]).map((choice) => [
            answerWords(choice),
            answerCommand(first, String(choice), many),
          ])}
        />
      </footer>
    </article>
  );
}

/** What the job does until it is answered. */
function meanwhile(asker: Job): string {
  if (asker.status === "running" && !asker.request && !asker.why) return "The rest of the job goes on meanwhile.";
  return sentence(asker.why || asker.sentence);
}

/** The server's order is by chance, and would be another one the next time. */
function byText(one: Question, other: Question): number {
  return one.text.localeCompare(other.text, "en", { numeric: true });
}

interface AnswersProps {
  readonly question: Question;
  readonly busy: boolean;
  readonly forAll?: boolean;
  readonly onAnswer: (value: unknown) => void;
}

/** A button for each choice; where any text may be answered, a field. */
function Answers({ question, busy, forAll = false, onAnswer }: AnswersProps) {
  const [text, setText] = useState("");
  if (question.choices.length > 0) {
    return (
      <fieldset className="actions" aria-label={forAll ? "Answer all" : question.text}>
        {question.choices.map((choice) => (
          <Act key={JSON.stringify(choice)} busy={busy} onPress={() => onAnswer(choice)}>
            {answerWords(choice)}
          </Act>
        ))}
      </fieldset>
    );
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!busy && text !== "") onAnswer(text);
  }
  return (
    <form className="inline" onSubmit={submit}>
      <label>
        <span className="unseen">{question.text}</span>
        <input value={text} maxLength={1000} onChange={(event) => setText(event.target.value)} />
      </label>
      <Act type="submit" busy={busy || text === ""}>
        Answer
      </Act>
    </form>
  );
}
