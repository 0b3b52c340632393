"""Uploading to and downloading from object stores. The public names are in `spacedrive_ops`."""
