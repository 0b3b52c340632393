-- What should have a file, in the order of the primary key.
SELECT digest, kind, variant, path, bytes FROM ix_sidecar
WHERE (digest, kind, variant) > (?, ?, ?) AND state = 'made' AND path IS NOT NULL
ORDER BY digest, kind, variant LIMIT ?
