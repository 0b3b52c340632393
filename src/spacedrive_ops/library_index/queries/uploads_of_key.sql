SELECT job, place, bucket, key, upload FROM ix_upload WHERE place = ? AND key = ? ORDER BY job
