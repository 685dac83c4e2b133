-- The local months of a community of which the operator's results are known, the newest first: when they begin.
SELECT DISTINCT month_start FROM operator_result WHERE community_no = %(community_no)s ORDER BY month_start DESC
