-- The logins that may read schema shown, each with the communities that it sees there. The hub's own are no viewers,
-- whatever somebody granted them.
SELECT r.rolname, coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE c.id IS NOT NULL), '{}')
FROM pg_namespace AS n
CROSS JOIN aclexplode(n.nspacl) AS a
JOIN pg_roles AS r ON r.oid = a.grantee
LEFT JOIN viewer AS v ON v.role_name = r.rolname
LEFT JOIN community AS c ON c.no = v.community_no
WHERE n.nspname = 'shown' AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner AND r.rolname !~ '^hub(_|$)'
GROUP BY r.rolname
ORDER BY r.rolname
