-- The power of the last minutes, summed over the awaited flows of the points heard recently, of each the part that
-- takes part in the community.
SELECT
    max(n.at),
    round(sum(n.power_w * m.participation_percent) FILTER (WHERE n.flow = 'import') / 100)::bigint,
    round(sum(n.power_w * m.participation_percent) FILTER (WHERE n.flow = 'export') / 100)::bigint,
    count(DISTINCT n.point_no),
    count(DISTINCT m.point_no)
FROM membership AS m
JOIN point AS p ON p.no = m.point_no
LEFT JOIN power_now AS n
    ON n.point_no = m.point_no AND n.at >= %(since)s
    AND ((n.flow = 'import' AND p.role <> 'producer') OR (n.flow = 'export' AND p.role <> 'consumer'))
WHERE m.community_no = %(community_no)s AND m.valid_from <= now() AND m.valid_to > now()
