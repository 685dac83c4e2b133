-- Give what this role restored to the owner of the database, who migrates it later. Chunks follow their hypertable.
DO '
DECLARE
    ours record;
BEGIN
    FOR ours IN
        SELECT kind, name
        FROM (
            SELECT ''SCHEMA'' AS kind, oid::regnamespace::text AS name, ''pg_namespace''::regclass AS classid, oid,
                oid AS schema_no, nspowner AS role_no
            FROM pg_namespace
            WHERE nspname <> ''public''
            UNION ALL
            SELECT CASE relkind WHEN ''v'' THEN ''VIEW'' WHEN ''m'' THEN ''MATERIALIZED VIEW''
                    WHEN ''S'' THEN ''SEQUENCE'' ELSE ''TABLE'' END,
                oid::regclass::text, ''pg_class''::regclass, oid, relnamespace, relowner
            FROM pg_class
            WHERE relkind IN (''r'', ''p'', ''v'', ''m'', ''S'')
            UNION ALL
            SELECT ''TYPE'', oid::regtype::text, ''pg_type''::regclass, oid, typnamespace, typowner
            FROM pg_type
            WHERE typtype IN (''e'', ''d'')
            UNION ALL
            SELECT ''ROUTINE'', oid::regprocedure::text, ''pg_proc''::regclass, oid, pronamespace, proowner
            FROM pg_proc
        ) AS o
        JOIN pg_namespace AS n ON n.oid = o.schema_no
        WHERE n.nspname !~ ''^(pg_|information_schema$|_timescaledb_|unfinished_restore$)''
            AND o.role_no = (SELECT oid FROM pg_roles WHERE rolname = current_user)
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                WHERE d.classid = o.classid AND d.objid = o.oid AND d.deptype IN (''e'', ''a'', ''i'')
            )
    LOOP
        EXECUTE format(
            ''ALTER %s %s OWNER TO %I'', ours.kind, ours.name,
            (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())
        );
    END LOOP;
END
'
