"""Removing what jobs have left behind and nobody needs."""
