SELECT id FROM library
