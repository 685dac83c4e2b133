-- The balances of a community in a span.
SELECT
    b.start, b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh, b.surplus_wh,
    b.present, b.expected, b.quality, b.settled
FROM balance AS b
WHERE b.community_no = %(community_no)s AND b.start >= %(start)s AND b.start < %(end)s
