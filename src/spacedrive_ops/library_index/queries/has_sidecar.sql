-- Whether a file in the library's folder belongs to a row; by the digest, since there is no index on the path.
SELECT count(*) FROM ix_sidecar WHERE digest = ? AND path = ?
