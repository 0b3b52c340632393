"""How a file becomes final: whole under a hidden name first, then renamed in one step. For several kinds of jobs."""
