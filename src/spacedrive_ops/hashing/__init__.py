"""Digests of files, into a manifest or the index; and files compared with a manifest."""
