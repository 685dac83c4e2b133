-- Remove values of the operator's curves before an instant, the oldest first, at most so many.
DELETE FROM curve
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM curve WHERE start < %(before)s::timestamptz ORDER BY start LIMIT %(most)s
))
