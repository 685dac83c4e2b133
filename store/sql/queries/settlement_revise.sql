-- Keep the steps of settled months in a span that differ from the staged ones: whole, the balance and all allocations
-- with their pairs, under the version that replaces them. A version gathers the corrections of a UTC day, and keeps of
-- each step what was there before the first of them. Another number of the key alone makes none: no energy is another.
-- Nor do pairs where there were none.
WITH closed AS MATERIALIZED (
    SELECT DISTINCT ON (month_start)
        month_start,
        month_end,
        version + CASE
            WHEN reason = 'regularisation'
                AND (made_at AT TIME ZONE 'UTC')::date = (now() AT TIME ZONE 'UTC')::date THEN 0
            ELSE 1
        END AS version
    FROM settlement
    WHERE community_no = %(community_no)s AND month_start < %(end)s AND month_end > %(start)s
    ORDER BY month_start, settlement.version DESC
), changed AS MATERIALIZED (
    SELECT c.month_start, c.month_end, c.version, d.start
    FROM closed AS c
    CROSS JOIN LATERAL (
        SELECT coalesce(b.start, n.start) AS start
        FROM (
            SELECT * FROM balance
            WHERE community_no = %(community_no)s AND start >= greatest(c.month_start, %(start)s)
                AND start < least(c.month_end, %(end)s)
        ) AS b
        FULL JOIN (
            SELECT * FROM balanced
            WHERE start >= greatest(c.month_start, %(start)s) AND start < least(c.month_end, %(end)s)
        ) AS n ON n.start = b.start
        WHERE
            (b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh, b.surplus_wh,
             b.present, b.expected, b.quality, b.settled)
            IS DISTINCT FROM
            (n.consumption_wh, n.production_wh, n.allocated_wh, n.residual_wh, n.surplus_wh,
             n.present, n.expected, n.quality, n.settled)
        UNION
        SELECT coalesce(a.start, n.start)
        FROM (
            SELECT * FROM allocation
            WHERE community_no = %(community_no)s AND start >= greatest(c.month_start, %(start)s)
                AND start < least(c.month_end, %(end)s)
        ) AS a
        FULL JOIN (
            SELECT * FROM allocated
            WHERE start >= greatest(c.month_start, %(start)s) AND start < least(c.month_end, %(end)s)
        ) AS n ON n.start = a.start AND n.point_no = a.point_no
        WHERE
            (a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh, a.surplus_wh, a.quality)
            IS DISTINCT FROM
            (n.import_wh, n.export_wh, n.share_wh, n.allocated_wh, n.residual_wh, n.surplus_wh, n.quality)
        UNION
        SELECT p.start
        FROM (
            SELECT start, producer_no, point_no, allocated_wh FROM allocation_pair
            WHERE community_no = %(community_no)s AND start >= greatest(c.month_start, %(start)s)
                AND start < least(c.month_end, %(end)s)
            EXCEPT
            SELECT start, producer_no, point_no, allocated_wh FROM paired
        ) AS p
        WHERE p.start IN (SELECT start FROM paired)
    ) AS d
), made AS (
    INSERT INTO settlement (community_no, month_start, month_end, version, reason)
    SELECT DISTINCT %(community_no)s, month_start, month_end, version, 'regularisation'
    FROM changed
    ON CONFLICT DO NOTHING
), kept AS (
    INSERT INTO balance_revision (
        community_no, start, version, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh,
        present, expected, quality, settled
    )
    SELECT
        %(community_no)s, d.start, d.version, b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh,
        b.surplus_wh, b.present, b.expected, b.quality, b.settled
    FROM changed AS d
    LEFT JOIN balance AS b
        ON b.community_no = %(community_no)s AND b.start = d.start AND b.start >= %(start)s AND b.start < %(end)s
    ON CONFLICT DO NOTHING
    RETURNING start, version
), kept_pairs AS (
    INSERT INTO allocation_pair_revision (community_no, start, version, producer_no, point_no, allocated_wh)
    SELECT a.community_no, a.start, k.version, a.producer_no, a.point_no, a.allocated_wh
    FROM kept AS k
    JOIN allocation_pair AS a
        ON a.community_no = %(community_no)s AND a.start = k.start AND a.start >= %(start)s AND a.start < %(end)s
)
INSERT INTO allocation_revision (
    community_no, start, version, point_no, import_wh, export_wh, share_wh, allocated_wh, residual_wh, surplus_wh,
    quality, key_no
)
SELECT
    a.community_no, a.start, k.version, a.point_no, a.import_wh, a.export_wh, a.share_wh, a.allocated_wh,
    a.residual_wh, a.surplus_wh, a.quality, a.key_no
FROM kept AS k
JOIN allocation AS a
    ON a.community_no = %(community_no)s AND a.start = k.start AND a.start >= %(start)s AND a.start < %(end)s
