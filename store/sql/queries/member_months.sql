-- What each holder's points did in each local month of a community, and how completely they were measured.
-- An energy is null where the holder has no point with that flow.
WITH month AS (
    SELECT
        c.no AS community_no,
        c.id AS community,
        to_char(m.local_start, 'YYYY-MM') AS month,
        m.local_start AT TIME ZONE c.zone AS month_start,
        (m.local_start + '1 month'::interval) AT TIME ZONE c.zone AS month_end
    FROM community AS c
    JOIN LATERAL (
        SELECT min(b.start) AS first_start, max(b.start) AS last_start FROM balance AS b WHERE b.community_no = c.no
    ) AS b ON b.first_start IS NOT NULL
    CROSS JOIN LATERAL generate_series(
        date_trunc('month', b.first_start AT TIME ZONE c.zone), b.last_start AT TIME ZONE c.zone, '1 month'
    ) AS m (local_start)
), awaited AS (
    SELECT
        o.community_no, o.month, o.month_start, o.month_end, p.holder_no, s.point_no, f.flow,
        s.valid_from <= o.month_start AND s.valid_to >= o.month_end AS all_month
    FROM month AS o
    JOIN membership AS s ON s.community_no = o.community_no
        AND s.valid_from < o.month_end AND s.valid_to > o.month_start
    JOIN point AS p ON p.no = s.point_no
    JOIN (VALUES
        ('consumer', 'import'::flow), ('prosumer', 'import'), ('prosumer', 'export'), ('producer', 'export')
    ) AS f (role, flow) ON f.role = p.role
), quarters AS (
    SELECT a.community_no, a.month, a.holder_no, i.start
    FROM awaited AS a
    JOIN interval AS i ON i.point_no = a.point_no AND i.flow = a.flow
        AND i.start >= a.month_start AND i.start < a.month_end AND i.quality = 0
    GROUP BY a.community_no, a.month, a.holder_no, i.start
    HAVING count(DISTINCT (i.point_no, i.flow)) = (
        SELECT count(DISTINCT (w.point_no, w.flow)) FROM awaited AS w
        WHERE w.community_no = a.community_no AND w.month = a.month AND w.holder_no = a.holder_no
    )
), measured AS (
    SELECT community_no, month, holder_no, count(*) AS quarters FROM quarters GROUP BY community_no, month, holder_no
), energy AS (
    SELECT
        o.community_no, o.month, p.holder_no,
        sum(l.import_wh) AS consumption_wh, sum(l.export_wh) AS production_wh, sum(l.allocated_wh) AS allocated_wh,
        sum(l.residual_wh) AS residual_wh, sum(l.surplus_wh) AS surplus_wh
    FROM month AS o
    JOIN allocation AS l ON l.community_no = o.community_no AND l.start >= o.month_start AND l.start < o.month_end
    JOIN point AS p ON p.no = l.point_no
    GROUP BY o.community_no, o.month, p.holder_no
)
SELECT
    o.community,
    o.month,
    h.id AS holder,
    h.kind,
    h.consent,
    w.all_month AS present_all_month,
    coalesce(m.quarters, 0) * 900 / extract(epoch FROM o.month_end - o.month_start)::float8 AS measured_share,
    CASE WHEN w.withdraws THEN coalesce(e.consumption_wh, 0)::bigint END AS consumption_wh,
    CASE WHEN w.injects THEN coalesce(e.production_wh, 0)::bigint END AS production_wh,
    CASE WHEN w.withdraws THEN coalesce(e.allocated_wh, 0)::bigint END AS allocated_wh,
    CASE WHEN w.withdraws THEN coalesce(e.residual_wh, 0)::bigint END AS residual_wh,
    CASE WHEN w.injects THEN coalesce(e.surplus_wh, 0)::bigint END AS surplus_wh
FROM month AS o
JOIN (
    SELECT
        community_no, month, holder_no, bool_and(all_month) AS all_month,
        bool_or(flow = 'import') AS withdraws, bool_or(flow = 'export') AS injects
    FROM awaited
    GROUP BY community_no, month, holder_no
) AS w ON w.community_no = o.community_no AND w.month = o.month
JOIN holder AS h ON h.no = w.holder_no
LEFT JOIN energy AS e ON e.community_no = o.community_no AND e.month = o.month AND e.holder_no = w.holder_no
LEFT JOIN measured AS m ON m.community_no = o.community_no AND m.month = o.month AND m.holder_no = w.holder_no
ORDER BY o.community, o.month, h.id
