-- Which of some points are kept as they are, before when, and the communities in which they took part before that.
SELECT p.id, p.frozen_before, array_agg(DISTINCT c.id ORDER BY c.id) AS communities
FROM point AS p
JOIN membership AS m ON m.point_no = p.no AND m.valid_from < p.frozen_before
JOIN community AS c ON c.no = m.community_no
WHERE p.id = ANY (%(points)s)
GROUP BY p.id, p.frozen_before
ORDER BY p.frozen_before, p.id
