-- Remove pairs of a community that start before an instant, at most so many.
DELETE FROM allocation_pair
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM allocation_pair
    WHERE community_no = %(community_no)s AND start < %(before)s::timestamptz
    ORDER BY start
    LIMIT %(most)s
))
