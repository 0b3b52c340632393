-- For a person who typed part of an id; a scan, of ids only. The short form is the last eight digits.
SELECT id FROM (SELECT id FROM jobs UNION ALL SELECT id FROM job_history)
WHERE lower(hex(id)) GLOB :tail OR lower(hex(id)) GLOB :head OR substr(lower(hex(id)), -8) GLOB :short
ORDER BY id DESC LIMIT 10
