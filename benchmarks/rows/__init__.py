"""The rows of the table: one benchmark a file."""
