-- Version 3. What media say of themselves is asked for by its time and by its place. `taken_ms` of a file without a zone
-- is what its clock said, so the two kinds are compared with other numbers.
CREATE INDEX ix_media_taken ON ix_media (taken_zoned, taken_ms) WHERE taken_ms IS NOT NULL;
CREATE INDEX ix_media_place ON ix_media (latitude, longitude) WHERE latitude IS NOT NULL;
UPDATE ix_version SET version = 3
