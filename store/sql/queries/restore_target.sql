-- Who we are in this database, whose it is, and which TimescaleDB it has or could have.
-- (Only superusers may ask what is preloaded.)
SELECT
    current_database() AS name,
    r.rolsuper AS is_superuser,
    current_user = pg_get_userbyid(d.datdba) AS is_owner,
    pg_get_userbyid(d.datdba) AS owner,
    (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale,
    ARRAY(
        SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb' ORDER BY version
    ) AS available,
    CASE WHEN r.rolsuper THEN current_setting('shared_preload_libraries') LIKE '%timescaledb%' END AS is_preloaded,
    to_regnamespace('unfinished_restore') IS NOT NULL AS is_unfinished
FROM pg_database AS d, pg_roles AS r
WHERE d.datname = current_database() AND r.rolname = current_user
