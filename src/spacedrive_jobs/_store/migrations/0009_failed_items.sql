-- Which jobs have failed items: to be found among a million that have none, and apart from items that were only skipped.
CREATE INDEX job_items_failed ON job_items (job_id) WHERE outcome = 'error';
