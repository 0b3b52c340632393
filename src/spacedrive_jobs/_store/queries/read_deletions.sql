SELECT deletions FROM library
