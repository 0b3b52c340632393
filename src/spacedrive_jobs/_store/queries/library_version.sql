SELECT version FROM sd_version
