-- Inside the writer's transaction, so no other process can read the same numbers.
SELECT next_position, next_front FROM library WHERE one = 1
