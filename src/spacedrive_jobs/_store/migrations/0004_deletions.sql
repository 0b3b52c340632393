-- How many jobs were ever deleted from the history, so that who shows a list of it knows when to look anew. Counted by a
-- trigger, so that no statement can forget it.
ALTER TABLE library ADD COLUMN deletions INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER history_deleted AFTER DELETE ON job_history BEGIN
    UPDATE library SET deletions = deletions + 1;
END;
