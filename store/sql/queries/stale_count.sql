-- How many spans wait, and how many of them failed before.
SELECT count(*), count(*) FILTER (WHERE error IS NOT NULL) FROM stale
