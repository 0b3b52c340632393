-- Asks running code to stop. A stronger request replaces a weaker one: abort > cancel > pause.
UPDATE jobs SET request = :request, reason = :reason, paused_with = :with, changed_at = :now
WHERE id = :id AND status = 'running'
  AND coalesce(CASE request WHEN 'abort' THEN 3 WHEN 'cancel' THEN 2 WHEN 'pause' THEN 1 END, 0)
    < CASE :request WHEN 'abort' THEN 3 WHEN 'cancel' THEN 2 ELSE 1 END
