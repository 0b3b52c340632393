SELECT job, place, bucket, key, upload FROM ix_upload ORDER BY place, key, job
