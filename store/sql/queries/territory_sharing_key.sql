-- The sharing keys of the communities.
SELECT c.id, k.rule, k.valid_from, k.valid_to
FROM sharing_key AS k
JOIN community AS c ON c.no = k.community_no
ORDER BY c.id, k.valid_from
