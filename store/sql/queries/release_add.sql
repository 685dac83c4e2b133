-- Record a release; it never changes afterwards.
INSERT INTO release (dataset, version, released_at, digest, previous_digest)
VALUES (%(dataset)s, %(version)s, %(released_at)s, %(digest)s, %(previous_digest)s)
RETURNING no
