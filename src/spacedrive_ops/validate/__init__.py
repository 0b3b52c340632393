"""ValidateJob: is what files hold still what was read once?"""
