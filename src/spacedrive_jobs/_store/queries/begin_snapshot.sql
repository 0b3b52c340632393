-- Any read: it takes the snapshot that the transaction sees from then on.
SELECT count(*) FROM sqlite_schema
