"""Reading what files hold: opened safely, by any path, and hashed."""
