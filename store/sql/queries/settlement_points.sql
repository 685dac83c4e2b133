-- What each member consumed, injected and was allocated in a settled month, how much of what was awaited was known, and
-- how well, as a version had it. What is kept of a point that is gone stands under its number, so that the sum is still
-- that of the balance. In a month that was whole each member had all that was awaited of it; only where something was
-- missing do the memberships, as they are now, tell what else was awaited, and of whom.
WITH revised AS MATERIALIZED (
    SELECT r.start, min(r.version) AS version
    FROM balance_revision AS r
    WHERE r.community_no = %(community_no)s AND r.start >= %(start)s AND r.start < %(end)s
        AND r.version > %(version)s
    GROUP BY r.start
), whole AS MATERIALIZED (
    SELECT
        count(*) FILTER (WHERE s.settled) * make_interval(mins => c.step_min)
            = %(end)s::timestamptz - %(start)s::timestamptz AS is_whole
    FROM community AS c
    CROSS JOIN LATERAL (
        SELECT b.settled
        FROM balance AS b
        WHERE b.community_no = c.no AND b.start >= %(start)s AND b.start < %(end)s
            AND NOT EXISTS (SELECT FROM revised AS r WHERE r.start = b.start)
        UNION ALL
        SELECT o.settled
        FROM revised AS r
        JOIN balance_revision AS o ON o.community_no = c.no AND o.start = r.start AND o.version = r.version
    ) AS s
    WHERE c.no = %(community_no)s
    GROUP BY c.step_min
), awaited AS (
    SELECT
        m.point_no,
        sum(CASE p.role WHEN 'prosumer' THEN 2 ELSE 1 END * greatest(0, least(
            ceil(extract(epoch FROM %(end)s::timestamptz) / (c.step_min * 60)),
            floor(extract(epoch FROM m.valid_to) / (c.step_min * 60))
        ) - ceil(extract(epoch FROM greatest(%(start)s::timestamptz, m.valid_from)) / (c.step_min * 60))))::bigint
            AS expected
    FROM membership AS m
    JOIN community AS c ON c.no = m.community_no
    JOIN point AS p ON p.no = m.point_no
    WHERE m.community_no = %(community_no)s AND m.valid_from < %(end)s AND m.valid_to > %(start)s
        AND NOT EXISTS (SELECT FROM whole WHERE is_whole)
    GROUP BY m.point_no
), as_of AS (
    SELECT a.point_no, a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh, a.surplus_wh, a.quality
    FROM allocation AS a
    WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
        AND NOT EXISTS (SELECT FROM revised AS r WHERE r.start = a.start)
    UNION ALL
    SELECT o.point_no, o.import_wh, o.export_wh, o.share_wh, o.allocated_wh, o.residual_wh, o.surplus_wh, o.quality
    FROM revised AS r
    JOIN allocation_revision AS o
        ON o.community_no = %(community_no)s AND o.start = r.start AND o.version = r.version
), summed AS (
    SELECT
        point_no,
        count(import_wh) AS imports,
        count(export_wh) AS exports,
        sum(import_wh)::bigint AS import_wh,
        sum(export_wh)::bigint AS export_wh,
        sum(share_wh)::bigint AS share_wh,
        sum(allocated_wh)::bigint AS allocated_wh,
        sum(residual_wh)::bigint AS residual_wh,
        sum(surplus_wh)::bigint AS surplus_wh,
        CASE WHEN count(quality) = count(*) THEN max(quality)::int END AS quality
    FROM as_of
    GROUP BY point_no
), member AS (
    SELECT
        coalesce(s.point_no, a.point_no) AS point_no,
        coalesce(s.imports + s.exports, 0) AS present,
        nullif(greatest(a.expected, s.imports + s.exports), 0) AS expected,
        s.imports, s.exports, s.import_wh, s.export_wh, s.share_wh, s.allocated_wh, s.residual_wh, s.surplus_wh,
        s.quality
    FROM summed AS s
    FULL JOIN awaited AS a ON a.point_no = s.point_no
    WHERE s.point_no IS NOT NULL OR a.expected > 0
)
SELECT
    coalesce(p.id, 'removed-' || m.point_no) AS point,
    coalesce(p.category, 'removed') AS category,
    m.import_wh, m.export_wh, m.share_wh, m.allocated_wh, m.residual_wh, m.surplus_wh, m.quality,
    coalesce(p.role, CASE
        WHEN m.imports > 0 AND m.exports > 0 THEN 'prosumer'
        WHEN m.exports > 0 THEN 'producer'
        ELSE 'consumer'
    END) AS role,
    m.present, m.expected, trunc(m.present / m.expected::numeric, 6)::float8 AS completeness
FROM member AS m
LEFT JOIN point AS p ON p.no = m.point_no
ORDER BY 2, 1
