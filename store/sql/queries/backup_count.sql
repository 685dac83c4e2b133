-- Count the rows of every table, those of extensions aside. Chunks count as the hypertable that they are part of.
-- A block returns nothing: the next statement reads the counts from the setting in which they are left.
DO '
DECLARE
    counted record;
    number bigint;
    counts jsonb := ''{}'';
BEGIN
    FOR counted IN
        SELECT c.oid, n.nspname AS schema_name, c.relname AS name
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN (''r'', ''p'') AND NOT c.relispartition AND c.relpersistence <> ''t''
            AND n.nspname !~ ''^(pg_|information_schema$|_timescaledb_)''
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                WHERE d.classid = ''pg_class''::regclass AND d.objid = c.oid AND d.deptype = ''e''
            )
    LOOP
        EXECUTE format(''SELECT count(*) FROM %I.%I'', counted.schema_name, counted.name) INTO number;
        counts := counts || jsonb_build_object(
            CASE counted.schema_name WHEN ''public'' THEN '''' ELSE counted.schema_name || ''.'' END || counted.name,
            number
        );
    END LOOP;
    PERFORM set_config(''enercommons.rows'', counts::text, false);
END
'
