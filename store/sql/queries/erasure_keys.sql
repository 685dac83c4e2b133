-- All sharing keys, of which some name points that go.
SELECT k.community_no, c.id, k.valid_from, k.rule
FROM sharing_key AS k
JOIN community AS c ON c.no = k.community_no
ORDER BY c.id, k.valid_from
