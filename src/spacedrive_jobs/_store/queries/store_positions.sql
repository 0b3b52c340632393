UPDATE library SET next_position = ?, next_front = ? WHERE one = 1
