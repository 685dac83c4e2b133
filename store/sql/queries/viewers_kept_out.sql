-- Viewers with a login on this server that may not look here: a restore brings their rows and not their rights.
SELECT DISTINCT v.role_name
FROM viewer AS v JOIN pg_roles AS r ON r.rolname = v.role_name
WHERE NOT has_schema_privilege(r.oid, 'shown', 'USAGE')
    OR NOT has_database_privilege(r.oid, current_database(), 'CONNECT')
ORDER BY v.role_name
