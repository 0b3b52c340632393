INSERT INTO ix_upload (job, place, bucket, key, upload) VALUES (?, ?, ?, ?, ?)
