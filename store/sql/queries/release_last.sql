-- The newest release of a dataset.
SELECT no, version, released_at, digest FROM release WHERE dataset = %(dataset)s ORDER BY version DESC LIMIT 1
