-- The databases in which a login has rights or owns something.
SELECT DISTINCT d.datname
FROM pg_shdepend AS s
JOIN pg_database AS d ON d.oid = s.dbid OR (s.classid = 'pg_database'::regclass AND s.objid = d.oid)
WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = %(role)s)
ORDER BY d.datname
