-- How fast a job has been from its beginning: spans with what moved in them, encoded, at most 120 (they are made coarser),
-- so one small row for a job. Written with its progress, without a commit or an fsync of its own; it goes with the job.
CREATE TABLE job_speeds (
    job_id  BLOB PRIMARY KEY CHECK (length(job_id) = 16),
    attempt INTEGER NOT NULL,
    spans   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
