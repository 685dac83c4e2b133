-- The communities that points, by id, take part in, whenever that may be.
SELECT DISTINCT c.id
FROM membership AS m
JOIN point AS p ON p.no = m.point_no
JOIN community AS c ON c.no = m.community_no
WHERE p.id = ANY (%(points)s)
