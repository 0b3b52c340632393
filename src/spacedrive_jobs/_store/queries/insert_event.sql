-- A change that is neither of status nor of request, told to those who follow the job.
INSERT INTO job_events (job_id, at, attempt, status, request, reason)
SELECT id, ?, attempt, status, request, ? FROM jobs WHERE id = ?
