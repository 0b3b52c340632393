-- The trace that a job is part of, as the application's propagator wrote it; NULL where nobody asked for spans.
ALTER TABLE jobs ADD COLUMN trace BLOB;
