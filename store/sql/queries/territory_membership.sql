-- Who takes part in which community, when, and with how much of its energy.
SELECT c.id, p.id, m.valid_from, m.valid_to, m.participation_percent
FROM membership AS m
JOIN community AS c ON c.no = m.community_no
JOIN point AS p ON p.no = m.point_no
ORDER BY c.id, p.id, m.valid_from
