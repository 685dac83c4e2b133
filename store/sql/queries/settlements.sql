-- The settled months of a community with all their versions, the newest first: how many steps each version changed, and
-- its sums: those of what is there now, less what this version's followers made of it. So every balance is read once,
-- however many versions there are.
WITH month AS MATERIALIZED (
    SELECT
        s.month_start, s.month_end,
        sum(b.consumption_wh) AS consumption_wh,
        sum(b.production_wh) AS production_wh,
        sum(b.allocated_wh) AS allocated_wh
    FROM settlement AS s
    LEFT JOIN balance AS b
        ON b.community_no = %(community_no)s AND b.start >= s.month_start AND b.start < s.month_end
    WHERE s.community_no = %(community_no)s AND s.version = 1
    GROUP BY s.month_start, s.month_end
), before AS (
    SELECT
        start, version, consumption_wh, production_wh, allocated_wh,
        lead(version) OVER later IS NULL AS is_last,
        lead(consumption_wh) OVER later AS next_consumption_wh,
        lead(production_wh) OVER later AS next_production_wh,
        lead(allocated_wh) OVER later AS next_allocated_wh
    FROM balance_revision
    WHERE community_no = %(community_no)s
    WINDOW later AS (PARTITION BY start ORDER BY version)
), change AS MATERIALIZED (
    SELECT
        m.month_start, r.version,
        count(*) AS changed,
        sum(
            coalesce(CASE WHEN r.is_last THEN b.consumption_wh ELSE r.next_consumption_wh END, 0)
            - coalesce(r.consumption_wh, 0)
        ) AS consumption_wh,
        sum(
            coalesce(CASE WHEN r.is_last THEN b.production_wh ELSE r.next_production_wh END, 0)
            - coalesce(r.production_wh, 0)
        ) AS production_wh,
        sum(
            coalesce(CASE WHEN r.is_last THEN b.allocated_wh ELSE r.next_allocated_wh END, 0)
            - coalesce(r.allocated_wh, 0)
        ) AS allocated_wh
    FROM before AS r
    JOIN month AS m ON r.start >= m.month_start AND r.start < m.month_end
    LEFT JOIN balance AS b ON r.is_last AND b.community_no = %(community_no)s AND b.start = r.start
    GROUP BY m.month_start, r.version
)
SELECT
    to_char((s.month_start + (s.month_end - s.month_start) / 2) AT TIME ZONE c.zone, 'YYYY-MM') AS month,
    s.month_start AS start,
    s.month_end AS "end",
    s.version,
    s.made_at,
    s.reason,
    coalesce(d.changed, 0) AS changed,
    (coalesce(m.consumption_wh, 0) - coalesce(sum(d.consumption_wh) OVER later, 0))::bigint AS consumption_wh,
    (coalesce(m.production_wh, 0) - coalesce(sum(d.production_wh) OVER later, 0))::bigint AS production_wh,
    (coalesce(m.allocated_wh, 0) - coalesce(sum(d.allocated_wh) OVER later, 0))::bigint AS allocated_wh
FROM settlement AS s
JOIN community AS c ON c.no = s.community_no
JOIN month AS m ON m.month_start = s.month_start
LEFT JOIN change AS d ON d.month_start = s.month_start AND d.version = s.version
WHERE s.community_no = %(community_no)s
WINDOW later AS (
    PARTITION BY s.month_start ORDER BY s.version DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
)
ORDER BY s.month_start DESC, s.version DESC
