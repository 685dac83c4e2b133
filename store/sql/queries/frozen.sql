-- Which of some points and communities are kept as they are, and before when.
SELECT 'point' AS kind, id, frozen_before FROM point WHERE id = ANY (%(points)s) AND frozen_before IS NOT NULL
UNION ALL
SELECT 'community', id, frozen_before FROM community WHERE id = ANY (%(communities)s) AND frozen_before IS NOT NULL
ORDER BY 1 DESC, 3, 2
