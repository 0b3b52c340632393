-- What was made of contents that the index knew, and that no file holds any more. What was never in the index (pictures
-- outside its locations, or of a run without contents) is nobody's to judge by it. In the order of the primary key.
SELECT s.digest, s.kind, s.variant, s.path, s.bytes FROM ix_sidecar AS s
JOIN ix_content AS c ON c.digest = s.digest
WHERE (s.digest, s.kind, s.variant) > (?, ?, ?)
  AND NOT EXISTS (SELECT 1 FROM ix_entry AS e WHERE e.content_id = c.id)
ORDER BY s.digest, s.kind, s.variant LIMIT ?
