/** What this job asks. */

import { useQuery } from "@tanstack/react-query";
import { questions } from "../api/queries";
import type { JobDetails } from "../api/schema";
import { Section } from "../components/section";
import { QuestionGroup } from "./question-group";

export function JobQuestions({ job }: { readonly job: JobDetails }) {
  const { data } = useQuery(questions);
  const own = (data ?? []).filter((question) => question.job === job.id);
  const topics = [...new Set(own.map((question) => question.topic))];
  if (own.length === 0) return null;
  return (
    <Section title="It asks you" className="needs">
      {topics.map((topic) => (
        <QuestionGroup key={topic} questions={own.filter((question) => question.topic === topic)} />
      ))}
    </Section>
  );
}
