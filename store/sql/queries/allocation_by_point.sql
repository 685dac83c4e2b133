-- What each member consumed, injected and was allocated over a span of time, by which keys, how much of what was
-- awaited of it is known, and how well. It is settled where all of it is known, and all else of its steps. A member
-- that nothing is known of has null, never zero. What is kept of a point that is gone stands under its number, so that
-- the sum is still that of the balance; what was awaited of it nobody can tell.
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
), by_key AS (
    SELECT
        a.point_no,
        a.key_no,
        count(a.import_wh) AS imports,
        count(a.export_wh) AS exports,
        sum(a.import_wh)::bigint AS import_wh,
        sum(a.export_wh)::bigint AS export_wh,
        sum(a.share_wh)::bigint AS share_wh,
        sum(a.allocated_wh)::bigint AS allocated_wh,
        sum(a.residual_wh)::bigint AS residual_wh,
        sum(a.surplus_wh)::bigint AS surplus_wh,
        count(a.quality) = count(*) AS has_quality,
        max(a.quality)::int AS quality,
        coalesce(bool_and(b.settled), false) AS settled,
        max(a.start) AS last_start
    FROM allocation AS a
    LEFT JOIN balance AS b
        ON b.community_no = %(community_no)s AND b.start = a.start AND b.start >= %(start)s AND b.start < %(end)s
    WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
    GROUP BY a.point_no, a.key_no
), summed AS (
    SELECT
        point_no,
        array_remove(array_agg(key_no ORDER BY key_no), NULL) AS keys,
        sum(imports)::bigint AS imports,
        sum(exports)::bigint AS exports,
        sum(import_wh)::bigint AS import_wh,
        sum(export_wh)::bigint AS export_wh,
        sum(share_wh)::bigint AS share_wh,
        sum(allocated_wh)::bigint AS allocated_wh,
        sum(residual_wh)::bigint AS residual_wh,
        sum(surplus_wh)::bigint AS surplus_wh,
        -- Where some of it was computed before the quality was kept, nobody can tell the worst.
        CASE WHEN bool_and(has_quality) THEN max(quality) END AS quality,
        bool_and(settled) AS settled,
        max(last_start) AS last_start
    FROM by_key
    GROUP BY point_no
), member AS (
    SELECT
        coalesce(s.point_no, a.point_no) AS point_no,
        coalesce(s.imports + s.exports, 0) AS present,
        CASE WHEN a.expected > 0 THEN greatest(a.expected, s.imports + s.exports) END AS expected,
        s.imports, s.exports, s.import_wh, s.export_wh, s.share_wh, s.allocated_wh, s.residual_wh, s.surplus_wh,
        s.quality, s.keys, s.settled, s.last_start
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
    round(m.allocated_wh / nullif(m.import_wh, 0)::numeric, 6)::float8 AS self_sufficiency_rate,
    m.present, m.expected, trunc(m.present / m.expected::numeric, 6)::float8 AS completeness, m.quality,
    CASE WHEN m.settled AND m.present = m.expected THEN 'settled' ELSE 'provisional' END AS status,
    coalesce(m.keys, '{}') AS keys, m.last_start
FROM member AS m
LEFT JOIN point AS p ON p.no = m.point_no
ORDER BY 2, 1
