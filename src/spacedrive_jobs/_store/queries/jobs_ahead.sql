SELECT (SELECT count(*) FROM jobs AS other WHERE other.status = 'queued' AND other.id <> mine.id
        AND (other.priority > mine.priority OR (other.priority = mine.priority AND other.position < mine.position)))
FROM jobs AS mine WHERE mine.id = :id AND mine.status = 'queued'
