-- Remove the operator's results of a community that were replaced, for months that began before an instant, the oldest
-- first, at most so many.
DELETE FROM operator_result_revision
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM operator_result_revision
    WHERE community_no = %(community_no)s AND month_start < %(before)s
    ORDER BY month_start
    LIMIT %(most)s
))
