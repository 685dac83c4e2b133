-- What is in this database besides PostgreSQL's own and that of extensions: by name, the first few.
SELECT DISTINCT found.name::text AS name
FROM (
    SELECT classid, oid, schema_no, name
    FROM (
        SELECT 'pg_class'::regclass AS classid, oid, relnamespace AS schema_no, relname AS name FROM pg_class
        UNION ALL
        SELECT 'pg_type'::regclass, oid, typnamespace, typname FROM pg_type
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, pronamespace, proname FROM pg_proc
        UNION ALL
        SELECT 'pg_namespace'::regclass, oid, oid, nspname FROM pg_namespace WHERE nspname <> 'public'
    ) AS everything
) AS found
JOIN pg_namespace AS n ON n.oid = found.schema_no
WHERE n.nspname !~ '^(pg_|information_schema$|_timescaledb_|unfinished_restore$)'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d WHERE d.classid = found.classid AND d.objid = found.oid AND d.deptype IN ('e', 'i')
    )
ORDER BY name
LIMIT 4
