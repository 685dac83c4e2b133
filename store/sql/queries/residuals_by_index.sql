-- The energy between the operator's indexes of a community's members, and what its curve and the devices say of the
-- same stretches, each only where it knows every quarter-hour of one; those whose device is furthest away first.
-- A stretch lies between two indexes that follow each other, and counts in the span in which it ends. Of an instant the
-- total counts, else one grid of tariffs with all the registers that it has elsewhere, the first among them: others may
-- be unused; never both. A stretch in which a register went down is left out: there the meter changed.
WITH best AS (
    SELECT DISTINCT ON (x.point_no, x.flow, x.tariff, x.at) x.point_no, x.flow, x.tariff, x.at, x.register_wh
    FROM operator_index AS x
    WHERE
        x.point_no IN (SELECT m.point_no FROM membership AS m WHERE m.community_no = %(community_no)s)
        AND x.at > %(start)s::timestamptz - '400 days'::interval AND x.at <= %(end)s::timestamptz
        AND x.at = date_bin('15 minutes', x.at, '1970-01-01Z')
    ORDER BY x.point_no, x.flow, x.tariff, x.at, x.nature DESC
), told AS (
    SELECT
        point_no, flow, substr(tariff, 1, 1) AS grid, at,
        sum(register_wh)::bigint AS register_wh,
        count(*) AS registers
    FROM best
    GROUP BY 1, 2, 3, 4
), used AS (
    SELECT point_no, flow, substr(tariff, 1, 1) AS grid, count(DISTINCT tariff) AS registers
    FROM best
    GROUP BY 1, 2, 3
    HAVING min(tariff) IN ('', 'D1', 'F1')
), stretch AS (
    SELECT
        point_no, flow, grid, at AS until,
        lag(at) OVER following AS since,
        register_wh - lag(register_wh) OVER following AS index_wh
    FROM told
    JOIN used USING (point_no, flow, grid, registers)
    WINDOW following AS (PARTITION BY point_no, flow, grid ORDER BY at)
), chosen AS (
    SELECT s.*, rank() OVER (PARTITION BY s.point_no, s.flow ORDER BY s.grid) AS place
    FROM stretch AS s
    JOIN membership AS m
        ON m.community_no = %(community_no)s AND m.point_no = s.point_no
        AND m.valid_from <= s.since AND m.valid_to >= s.until
    WHERE s.until > %(start)s::timestamptz AND s.index_wh >= 0
), compared AS (
    SELECT
        s.point_no, s.flow, s.since, s.until, s.index_wh,
        CASE WHEN i.operator_known = s.quarters THEN i.operator_wh END AS operator_wh,
        CASE WHEN i.device_known = s.quarters THEN i.device_wh END AS device_wh
    FROM (SELECT c.*, extract(epoch FROM c.until - c.since) / 900 AS quarters FROM chosen AS c WHERE c.place = 1) AS s
    CROSS JOIN LATERAL (
        SELECT
            count(q.operator_wh) AS operator_known, sum(q.operator_wh) AS operator_wh,
            count(q.device_wh) AS device_known, sum(q.device_wh) AS device_wh
        FROM compared_interval AS q
        WHERE q.point_no = s.point_no AND q.flow = s.flow AND q.start >= s.since AND q.start < s.until
    ) AS i
)
SELECT
    p.id AS point,
    c.flow::text AS flow,
    min(c.since) AS index_start,
    max(c.until) AS index_end,
    sum(c.index_wh)::bigint AS index_wh,
    count(*) AS stretches,
    sum(c.operator_wh)::bigint AS index_curve_wh,
    sum(c.operator_wh - c.index_wh)::bigint AS index_curve_residual_wh,
    count(c.operator_wh) AS index_curve_stretches,
    sum(c.device_wh)::bigint AS index_device_wh,
    sum(c.device_wh - c.index_wh)::bigint AS index_device_residual_wh,
    count(c.device_wh) AS index_device_stretches
FROM compared AS c
JOIN point AS p ON p.no = c.point_no
GROUP BY p.id, c.flow
ORDER BY
    abs(sum(c.device_wh - c.index_wh)) DESC NULLS LAST,
    abs(sum(c.operator_wh - c.index_wh)) DESC NULLS LAST,
    p.id,
    c.flow
