"""`sdjobs watch`: the library on the whole screen, live, with a key for each thing that can be done.

What is shown is a value (`looking`, `board`, `drawing`), made without a terminal; `app` and its screens only put it
there.
"""
