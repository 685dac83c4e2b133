-- What each member consumed, injected and was allocated over a span of time, how much of what was awaited of it is
-- known, and how well. A member that nothing is known of has null, never zero. What is kept of a point that is gone
-- stands under its number, so that the sum is still that of the balance; what was awaited of it nobody can tell.
WITH awaited AS (
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
    GROUP BY m.point_no
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
        -- Where some of it was computed before the quality was kept, nobody can tell the worst.
        CASE WHEN count(quality) = count(*) THEN max(quality)::int END AS quality,
        max(start) AS last_start
    FROM allocation
    WHERE community_no = %(community_no)s AND start >= %(start)s AND start < %(end)s
    GROUP BY point_no
), member AS (
    SELECT
        coalesce(s.point_no, a.point_no) AS point_no,
        coalesce(s.imports + s.exports, 0) AS present,
        CASE WHEN a.expected > 0 THEN greatest(a.expected, s.imports + s.exports) END AS expected,
        s.imports, s.exports, s.import_wh, s.export_wh, s.share_wh, s.allocated_wh, s.residual_wh, s.surplus_wh,
        s.quality, s.last_start
    FROM summed AS s
    FULL JOIN awaited AS a ON a.point_no = s.point_no
    WHERE s.point_no IS NOT NULL OR a.expected > 0
)
SELECT
    coalesce(p.id, 'removed-' || m.point_no) AS point,
    coalesce(p.category, 'removed') AS category,
    coalesce(p.role, CASE
        WHEN m.imports > 0 AND m.exports > 0 THEN 'prosumer'
        WHEN m.exports > 0 THEN 'producer'
        ELSE 'consumer'
    END) AS role,
    m.import_wh, m.export_wh, m.share_wh, m.allocated_wh, m.residual_wh, m.surplus_wh,
    m.present, m.expected, trunc(m.present / m.expected::numeric, 6)::float8 AS completeness, m.quality, m.last_start
FROM member AS m
LEFT JOIN point AS p ON p.no = m.point_no
ORDER BY 2, 1
