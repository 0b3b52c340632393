"""Copying and moving files. The public names are in `spacedrive_ops`."""
