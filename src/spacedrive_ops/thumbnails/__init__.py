"""ThumbnailJob: small pictures of pictures, by what they hold."""
