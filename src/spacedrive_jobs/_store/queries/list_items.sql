SELECT seq, item, outcome, reason FROM job_items
WHERE job_id = :job AND seq > :after
  AND (:outcomes IS NULL OR instr(',' || :outcomes || ',', ',' || outcome || ',') > 0)
ORDER BY seq LIMIT :limit
