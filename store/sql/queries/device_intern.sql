-- Make sure of the devices and note when each was last heard; returns their numbers.
-- `greatest` lets batches of several workers arrive in any order.
INSERT INTO device (id, dialect, first_seen_at, last_seen_at)
SELECT id, dialect, seen_at, seen_at
FROM unnest(%(ids)s::text[], %(dialects)s::text[], %(seen)s::timestamptz[]) AS d (id, dialect, seen_at)
ORDER BY id
ON CONFLICT (id) DO UPDATE
SET dialect = excluded.dialect, last_seen_at = greatest(device.last_seen_at, excluded.last_seen_at)
RETURNING id, no
