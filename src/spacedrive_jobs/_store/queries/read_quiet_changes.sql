SELECT deletions, reorderings FROM library
