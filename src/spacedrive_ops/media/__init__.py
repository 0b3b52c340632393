"""Pictures, films and sounds: told apart, and opened in processes that may be killed."""
