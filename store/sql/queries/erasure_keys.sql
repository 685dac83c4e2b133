-- The sharing keys that name some points.
SELECT k.community_no, c.id, k.valid_from, k.rule
FROM sharing_key AS k
JOIN community AS c ON c.no = k.community_no
WHERE k.rule -> 'shares_ppm' ?| %(points)s::text[]
ORDER BY c.id, k.valid_from
