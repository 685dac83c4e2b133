-- The balance of a community in each step of a settled month, as a version had it: what the next version that changed
-- the step kept of it, and what is there now elsewhere.
SELECT
    start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh, present, expected,
    quality::int AS quality,
    CASE WHEN settled THEN 'settled' ELSE 'provisional' END AS status,
    round(allocated_wh / nullif(production_wh, 0)::numeric, 6)::float8 AS self_consumption_rate,
    round(allocated_wh / nullif(consumption_wh, 0)::numeric, 6)::float8 AS self_sufficiency_rate,
    round(production_wh / nullif(consumption_wh, 0)::numeric, 6)::float8 AS coverage_rate,
    trunc(present / nullif(expected, 0)::numeric, 6)::float8 AS completeness
FROM (
    SELECT
        b.start, b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh, b.surplus_wh,
        b.present, b.expected, b.quality, b.settled
    FROM balance AS b
    WHERE b.community_no = %(community_no)s AND b.start >= %(start)s AND b.start < %(end)s
        AND NOT EXISTS (
            SELECT FROM balance_revision AS r
            WHERE r.community_no = b.community_no AND r.start = b.start AND r.version > %(version)s
        )
    UNION ALL
    (
        SELECT DISTINCT ON (r.start)
            r.start, r.consumption_wh, r.production_wh, r.allocated_wh, r.residual_wh, r.surplus_wh,
            r.present, r.expected, r.quality, r.settled
        FROM balance_revision AS r
        WHERE r.community_no = %(community_no)s AND r.start >= %(start)s AND r.start < %(end)s
            AND r.version > %(version)s
        ORDER BY r.start, r.version
    )
) AS as_of
WHERE consumption_wh IS NOT NULL
ORDER BY start
