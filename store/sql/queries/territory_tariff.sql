-- The tariffs of the communities.
SELECT c.id, t.rule, t.valid_from, t.valid_to
FROM tariff AS t
JOIN community AS c ON c.no = t.community_no
ORDER BY c.id, t.valid_from
