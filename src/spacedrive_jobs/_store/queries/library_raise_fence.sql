INSERT INTO sd_fence (job, attempt) VALUES (?1, ?2) ON CONFLICT (job) DO UPDATE SET attempt = max(attempt, excluded.attempt)
