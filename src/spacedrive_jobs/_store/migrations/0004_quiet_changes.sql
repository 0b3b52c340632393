-- What changes without an event, counted, so that who shows a list of jobs knows when to look anew: how many jobs were ever
-- deleted from the history, and how often one in the queue got another place and no other status. By triggers, so that no
-- statement can forget it.
ALTER TABLE library ADD COLUMN deletions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE library ADD COLUMN reorderings INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER history_deleted AFTER DELETE ON job_history BEGIN
    UPDATE library SET deletions = deletions + 1;
END;

CREATE TRIGGER jobs_reordered AFTER UPDATE OF position, priority, due_at ON jobs
WHEN old.status IS new.status AND old.request IS new.request
    AND (old.position IS NOT new.position OR old.priority IS NOT new.priority OR old.due_at IS NOT new.due_at) BEGIN
    UPDATE library SET reorderings = reorderings + 1;
END;
