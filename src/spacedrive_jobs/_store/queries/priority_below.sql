-- The next lower priority that something which does not run has.
SELECT priority FROM jobs INDEXED BY jobs_line WHERE runner IS NULL AND priority < ? ORDER BY priority DESC LIMIT 1
