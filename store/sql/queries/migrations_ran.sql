-- The migrations that ran, with their digests.
SELECT name, digest FROM migration ORDER BY name
