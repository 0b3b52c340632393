SELECT category, count(*), sum(size) FROM ix_entry WHERE kind = 1 AND parent_id > 0 GROUP BY category ORDER BY 3 DESC
