"""Deleting files. The public names are in `spacedrive_ops`."""
