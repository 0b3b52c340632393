-- Due and ready are one row: there is no moment between them in which a crash could lose a job.
UPDATE jobs SET due_at = NULL, reason = '', changed_at = :now WHERE due_at IS NOT NULL AND due_at <= :now
