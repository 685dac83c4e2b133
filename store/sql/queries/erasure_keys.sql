-- All rules of sharing keys, of which some name points that go: those declared, and those there ever were.
SELECT k.community_no, c.id, k.rule
FROM (SELECT community_no, rule FROM sharing_key UNION SELECT community_no, rule FROM key_version) AS k
JOIN community AS c ON c.no = k.community_no
ORDER BY c.id, k.rule::text
