SELECT runner, count(*) FROM jobs WHERE runner IS NOT NULL GROUP BY runner
