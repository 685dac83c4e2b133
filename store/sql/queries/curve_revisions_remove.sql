-- Remove the old values of curves before an instant, the oldest first, at most so many.
DELETE FROM curve_revision
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM curve_revision WHERE start < %(before)s::timestamptz ORDER BY start LIMIT %(most)s
))
