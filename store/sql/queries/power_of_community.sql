-- The power of the last minutes, summed over the awaited flows of the points heard recently.
SELECT
    max(n.at),
    sum(n.power_w) FILTER (WHERE n.flow = 'import')::bigint,
    sum(n.power_w) FILTER (WHERE n.flow = 'export')::bigint,
    count(DISTINCT n.point_no),
    count(DISTINCT m.point_no)
FROM membership AS m
JOIN point AS p ON p.no = m.point_no
LEFT JOIN power_now AS n
    ON n.point_no = m.point_no AND n.at >= %(since)s
    AND ((n.flow = 'import' AND p.role <> 'producer') OR (n.flow = 'export' AND p.role <> 'consumer'))
WHERE m.community_no = %(community_no)s AND m.valid_from <= now() AND m.valid_to > now()
