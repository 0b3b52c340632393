-- The newest event of all stays, so that sequence numbers never start again.
DELETE FROM job_events WHERE job_id = ? AND seq < (SELECT max(seq) FROM job_events)
