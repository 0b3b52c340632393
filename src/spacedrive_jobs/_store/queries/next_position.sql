SELECT next_position FROM library WHERE one = 1
