-- Ask for a comparison, unless too many of the community wait already; return its number.
INSERT INTO comparison (community_no, request)
SELECT %(community_no)s, %(request)s
WHERE %(most)s > (
    SELECT count(*) FROM comparison WHERE community_no = %(community_no)s AND status IN ('waiting', 'running')
)
RETURNING no
