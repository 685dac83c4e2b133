-- Write the balances of a day anew on others, counted from it.
INSERT INTO balance (
    community_no, start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh,
    present, expected, quality, settled
)
SELECT
    b.community_no, b.start + n * '1 day'::interval,
    b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh, b.surplus_wh,
    b.present, b.expected, b.quality, b.settled
FROM balance AS b
CROSS JOIN generate_series(%(first)s::int, %(last)s::int) AS n
WHERE b.start >= %(day)s AND b.start < %(day)s + '1 day'::interval
ON CONFLICT (community_no, start) DO UPDATE
SET
    consumption_wh = excluded.consumption_wh, production_wh = excluded.production_wh,
    allocated_wh = excluded.allocated_wh, residual_wh = excluded.residual_wh, surplus_wh = excluded.surplus_wh,
    present = excluded.present, expected = excluded.expected, quality = excluded.quality, settled = excluded.settled
