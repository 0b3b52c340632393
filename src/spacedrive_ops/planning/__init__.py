"""What a job would do, told without doing it: for all kinds that offer it."""
