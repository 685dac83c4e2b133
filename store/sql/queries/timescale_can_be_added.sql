-- The extension is installed and preloaded on the server, not yet in this database, and this role may create it.
-- (Only superusers may ask what is preloaded, so that question comes last.)
SELECT CASE
    WHEN NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN false
    WHEN NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb' AND installed_version IS NULL)
        THEN false
    ELSE current_setting('shared_preload_libraries') LIKE '%timescaledb%'
END
