SELECT c.digest FROM ix_entry AS e JOIN ix_content AS c ON c.id = e.content_id WHERE e.id = ?
