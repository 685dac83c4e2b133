-- The extension is installed and preloaded on the server, not yet in this database, and this role may create it.
SELECT
    current_setting('shared_preload_libraries') LIKE '%timescaledb%'
    AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb' AND installed_version IS NULL)
    AND EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper)
