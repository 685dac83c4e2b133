-- Remove the old values of the operator's registers before an instant, the oldest first, at most so many.
DELETE FROM operator_index_revision
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM operator_index_revision WHERE at < %(before)s::timestamptz ORDER BY at LIMIT %(most)s
))
