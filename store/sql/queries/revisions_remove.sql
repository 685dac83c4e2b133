-- Remove the old values of readings before an instant, the oldest first, at most so many.
DELETE FROM reading_revision
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM reading_revision WHERE at < %(before)s::timestamptz ORDER BY at LIMIT %(most)s
))
