-- Make the stored balances of a community equal to the computed ones in a span, touching only what differs.
WITH gone AS (
    DELETE FROM balance AS b
    WHERE
        b.community_no = %(community_no)s AND b.start >= %(start)s AND b.start < %(end)s
        AND NOT EXISTS (SELECT FROM balanced AS n WHERE n.start = b.start)
    RETURNING b.start
), written AS (
    INSERT INTO balance (
        community_no, start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh,
        present, expected, quality, settled
    )
    SELECT
        %(community_no)s, start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh,
        present, expected, quality, settled
    FROM balanced
    ON CONFLICT (community_no, start) DO UPDATE
    SET
        consumption_wh = excluded.consumption_wh, production_wh = excluded.production_wh,
        allocated_wh = excluded.allocated_wh, residual_wh = excluded.residual_wh, surplus_wh = excluded.surplus_wh,
        present = excluded.present, expected = excluded.expected, quality = excluded.quality,
        settled = excluded.settled
    WHERE
        (balance.consumption_wh, balance.production_wh, balance.allocated_wh, balance.residual_wh,
         balance.surplus_wh, balance.present, balance.expected, balance.quality, balance.settled)
        IS DISTINCT FROM
        (excluded.consumption_wh, excluded.production_wh, excluded.allocated_wh, excluded.residual_wh,
         excluded.surplus_wh, excluded.present, excluded.expected, excluded.quality, excluded.settled)
    RETURNING start
)
SELECT count(*) FROM (SELECT start FROM gone UNION ALL SELECT start FROM written) AS changed
