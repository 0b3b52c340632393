SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'ix_upload')
