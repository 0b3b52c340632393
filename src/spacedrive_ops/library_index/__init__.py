"""The library's index: its tables in `library.db`, and every statement on them."""
