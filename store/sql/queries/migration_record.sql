-- Remember a migration that ran.
INSERT INTO migration (name, digest) VALUES (%(name)s, %(digest)s)
