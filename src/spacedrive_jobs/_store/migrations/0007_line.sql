-- The order of what waits can be changed by hand.

-- From now on places in line are 2^20 apart, so that a job can be put between two others.
UPDATE jobs SET position = position * 1048576;
UPDATE library SET next_position = next_position * 1048576, next_front = next_front * 1048576;

-- The whole line, over all kinds: neighbours are found along it, and lists are read. What runs is not in it.
CREATE INDEX jobs_line ON jobs (priority DESC, position) WHERE runner IS NULL;
