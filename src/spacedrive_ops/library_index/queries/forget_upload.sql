-- The job's own, and the note of an earlier job whose upload it went on with.
DELETE FROM ix_upload WHERE place = ?1 AND key = ?2 AND (job = ?3 OR (upload = ?4 AND upload <> ''))
