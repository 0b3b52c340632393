UPDATE library SET inode = ?
