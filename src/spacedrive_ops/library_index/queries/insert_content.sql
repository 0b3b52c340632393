INSERT INTO ix_content (digest, size) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING
