-- The communities with their members counted, the key in force (what it is, and whose the surplus: parts for every step
-- of a year are megabytes) and the span of their balances.
SELECT
    c.no, c.id, c.name, c.place, c.zone, c.step_min, c.simulated,
    (SELECT count(DISTINCT m.point_no) FROM membership AS m
     WHERE m.community_no = c.no AND m.valid_from <= now() AND m.valid_to > now()) AS points,
    k.rule, k.valid_from,
    (SELECT min(b.start) FROM balance AS b WHERE b.community_no = c.no) AS first_start,
    (SELECT max(b.start) FROM balance AS b WHERE b.community_no = c.no) AS last_start
FROM community AS c
LEFT JOIN LATERAL (
    SELECT jsonb_strip_nulls(to_jsonb(r)) AS rule, s.valid_from
    FROM sharing_key AS s
    CROSS JOIN LATERAL jsonb_to_record(s.rule) AS r ("type" text, surplus text)
    WHERE s.community_no = c.no AND s.valid_from <= now() AND s.valid_to > now()
    ORDER BY s.valid_from DESC LIMIT 1
) AS k ON true
WHERE %(id)s::text IS NULL OR c.id = %(id)s
ORDER BY c.id
