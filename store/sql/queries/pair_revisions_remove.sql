-- Remove the pairs of old versions of a community that start before an instant, at most so many.
DELETE FROM allocation_pair_revision
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM allocation_pair_revision
    WHERE community_no = %(community_no)s AND start < %(before)s::timestamptz
    ORDER BY start
    LIMIT %(most)s
))
