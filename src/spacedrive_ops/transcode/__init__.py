"""Transcoding by ffmpeg. The public names are in `spacedrive_ops`."""
