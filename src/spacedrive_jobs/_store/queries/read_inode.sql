SELECT inode FROM library
