-- A million items in one transaction would hold every writer up.
DELETE FROM job_items WHERE job_id = ?1
AND seq < (SELECT min(seq) + 5000 FROM job_items WHERE job_id = ?1)
