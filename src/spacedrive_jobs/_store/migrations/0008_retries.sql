-- Whether a job was tried again, when the new one has ended as well.
CREATE INDEX job_history_retries ON job_history (retry_of) WHERE retry_of IS NOT NULL;
