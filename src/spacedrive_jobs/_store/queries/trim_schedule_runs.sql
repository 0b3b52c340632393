DELETE FROM schedule_runs WHERE schedule_id = :id
AND seq <= (SELECT max(seq) - 100 FROM schedule_runs WHERE schedule_id = :id)
