INSERT INTO schedule_runs (schedule_id, seq, scheduled_at, at, outcome, job_id, count)
SELECT :id, coalesce((SELECT max(seq) FROM schedule_runs WHERE schedule_id = :id), 0) + 1, :scheduled, :at, :outcome, :job,
       :count
