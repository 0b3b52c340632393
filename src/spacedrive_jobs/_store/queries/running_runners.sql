-- Runners that have a row or hold claims, whether or not they still have a lock file.
SELECT DISTINCT runner FROM jobs WHERE runner IS NOT NULL
UNION SELECT id FROM runners
