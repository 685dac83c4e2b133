-- What each holder's points did in each local month of a community, and how completely they were measured.
-- An energy is null where the holder has no point with that flow. Each month is looked up by itself, in the index: a
-- join over all of them would compare every interval with every month, and what is not MATERIALIZED is done again and
-- again, for the planner cannot guess how many months there are.
WITH month AS MATERIALIZED (
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
), awaited AS MATERIALIZED (
    SELECT
        o.community_no, o.month, o.month_start, o.month_end, p.holder_no, s.point_no, f.flow,
        bool_and(s.valid_from <= o.month_start AND s.valid_to >= o.month_end) AS all_month
    FROM month AS o
    JOIN membership AS s ON s.community_no = o.community_no
        AND s.valid_from < o.month_end AND s.valid_to > o.month_start
    JOIN point AS p ON p.no = s.point_no
    JOIN (VALUES
        ('consumer', 'import'::flow), ('prosumer', 'import'), ('prosumer', 'export'), ('producer', 'export')
    ) AS f (role, flow) ON f.role = p.role
    GROUP BY o.community_no, o.month, o.month_start, o.month_end, p.holder_no, s.point_no, f.flow
), taking_part AS MATERIALIZED (
    SELECT
        community_no, month, month_start, month_end, holder_no, bool_and(all_month) AS all_month,
        array_agg(point_no) AS points, array_agg(flow) AS flows
    FROM awaited
    GROUP BY community_no, month, month_start, month_end, holder_no
), measured AS MATERIALIZED (
    SELECT w.community_no, w.month, w.holder_no, q.quarters
    FROM taking_part AS w
    CROSS JOIN LATERAL (
        SELECT count(*) AS quarters
        FROM (
            SELECT known.start
            FROM (
                SELECT a.point_no, a.flow, i.start
                FROM unnest(w.points, w.flows) AS a (point_no, flow)
                JOIN interval AS i ON i.point_no = a.point_no AND i.flow = a.flow
                WHERE i.start >= w.month_start AND i.start < w.month_end
                GROUP BY a.point_no, a.flow, i.start
                -- The operator's settled curve outranks the device's, here too.
                HAVING coalesce(min(i.quality) FILTER (WHERE i.source = 'operator'), min(i.quality)) = 0
            ) AS known
            GROUP BY known.start
            HAVING count(*) = cardinality(w.flows)
        ) AS whole
    ) AS q
), energy AS MATERIALIZED (
    SELECT o.community_no, o.month, s.*
    FROM month AS o
    CROSS JOIN LATERAL (
        SELECT
            p.holder_no,
            sum(l.import_wh) AS consumption_wh, sum(l.export_wh) AS production_wh,
            sum(l.allocated_wh) AS allocated_wh, sum(l.residual_wh) AS residual_wh, sum(l.surplus_wh) AS surplus_wh
        FROM allocation AS l
        JOIN point AS p ON p.no = l.point_no
        WHERE l.community_no = o.community_no AND l.start >= o.month_start AND l.start < o.month_end
        GROUP BY p.holder_no
    ) AS s
)
SELECT
    o.community,
    o.month,
    h.id AS holder,
    h.kind,
    h.consent,
    w.all_month AS present_all_month,
    coalesce(m.quarters, 0) * 900 / extract(epoch FROM o.month_end - o.month_start)::float8 AS measured_share,
    CASE WHEN 'import' = ANY (w.flows) THEN coalesce(e.consumption_wh, 0)::bigint END AS consumption_wh,
    CASE WHEN 'export' = ANY (w.flows) THEN coalesce(e.production_wh, 0)::bigint END AS production_wh,
    CASE WHEN 'import' = ANY (w.flows) THEN coalesce(e.allocated_wh, 0)::bigint END AS allocated_wh,
    CASE WHEN 'import' = ANY (w.flows) THEN coalesce(e.residual_wh, 0)::bigint END AS residual_wh,
    CASE WHEN 'export' = ANY (w.flows) THEN coalesce(e.surplus_wh, 0)::bigint END AS surplus_wh
FROM month AS o
JOIN taking_part AS w ON w.community_no = o.community_no AND w.month = o.month
JOIN holder AS h ON h.no = w.holder_no
LEFT JOIN energy AS e ON e.community_no = o.community_no AND e.month = o.month AND e.holder_no = w.holder_no
LEFT JOIN measured AS m ON m.community_no = o.community_no AND m.month = o.month AND m.holder_no = w.holder_no
ORDER BY o.community, o.month, h.id
