-- Runners that hold claims, whether or not they still have a row or a lock file.
SELECT DISTINCT runner FROM jobs WHERE runner IS NOT NULL
