-- Login roles of the hub's database, and what nobody else may do in it. Run by a superuser connected to that database,
-- before `hub migrate`, which grants each part what it needs on tables (store/sql/grants.sql). Passwords come from the
-- environment. Safe to repeat: it then sets new passwords. Repeat it after an upgrade of the hub or of TimescaleDB, and
-- after a restore; a database that the login `hub` owned is handed over. Why: docs/decisions/0008-roles.md.
--   hub_owner                                   owns the database and everything in it; nobody can log in as it
--   hub                                         the operator's: acts as hub_owner; makes viewers from PostgreSQL 16 on
--   hub_ingest, hub_process, hub_api, hub_open  one for each part: `hub ingest`, `hub process`, `hub serve`, /open/v1
-- Logins that look at communities in Grafana are made by `hub viewer add`.
\set ON_ERROR_STOP on
\set hub_password ''
\set ingest_password ''
\set process_password ''
\set api_password ''
\set open_password ''
\getenv hub_password HUB_DB_PASSWORD
\getenv ingest_password HUB_INGEST_DB_PASSWORD
\getenv process_password HUB_PROCESS_DB_PASSWORD
\getenv api_password HUB_API_DB_PASSWORD
\getenv open_password HUB_OPEN_DB_PASSWORD

-- No password in the server's log, not even where a statement fails.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
SET client_min_messages = 'warning';

SELECT set_config('enercommons.missing', concat_ws(', ',
    CASE WHEN :'hub_password' = '' THEN 'HUB_DB_PASSWORD' END,
    CASE WHEN :'ingest_password' = '' THEN 'HUB_INGEST_DB_PASSWORD' END,
    CASE WHEN :'process_password' = '' THEN 'HUB_PROCESS_DB_PASSWORD' END,
    CASE WHEN :'api_password' = '' THEN 'HUB_API_DB_PASSWORD' END,
    CASE WHEN :'open_password' = '' THEN 'HUB_OPEN_DB_PASSWORD' END), false)
\g /dev/null
DO $$
BEGIN
    IF current_setting('enercommons.missing') <> '' THEN
        RAISE EXCEPTION 'set % in the environment, then run this again', current_setting('enercommons.missing');
    END IF;
END
$$;

-- Where the server has loaded TimescaleDB, this database gets it: only a superuser may turn it on.
SELECT current_setting('shared_preload_libraries') LIKE '%timescaledb%'
    AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS has_timescaledb \gset
\if :has_timescaledb
CREATE EXTENSION IF NOT EXISTS timescaledb;
\endif

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['hub_owner', 'hub', 'hub_ingest', 'hub_process', 'hub_api', 'hub_open']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE hub_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE hub LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT PASSWORD :'hub_password';
ALTER ROLE hub_ingest LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'ingest_password';
ALTER ROLE hub_process LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'process_password';
ALTER ROLE hub_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'api_password';
ALTER ROLE hub_open LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'open_password';
-- From PostgreSQL 16 on this right ends at the roles that it made itself; before, it reaches nearly all.
SELECT current_setting('server_version_num')::int >= 160000 AS roles_are_fenced \gset
\if :roles_are_fenced
ALTER ROLE hub CREATEROLE;
\endif
-- So that it can bound what viewers write to disk by sorting and by making errors, which they cannot change themselves.
GRANT SET ON PARAMETER temp_file_limit, log_min_messages TO hub;

-- What `hub` owned, it acts for now: all that it makes belongs to the owner.
REASSIGN OWNED BY hub TO hub_owner;
GRANT hub_owner TO hub;
SELECT format('ALTER DATABASE %I OWNER TO hub_owner', current_database())
UNION ALL SELECT format('ALTER ROLE hub IN DATABASE %I SET role = hub_owner', current_database())
UNION ALL SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
UNION ALL SELECT format('GRANT CONNECT ON DATABASE %I TO hub_ingest, hub_process, hub_api, hub_open', current_database())
-- For the staging tables of what is written in bulk.
UNION ALL SELECT format('GRANT TEMPORARY ON DATABASE %I TO hub_ingest, hub_process', current_database())
-- Else a viewer could go there to fill the disk.
UNION ALL SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', datname)
FROM pg_database WHERE datname IN ('postgres', 'template1')
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO hub_owner;
GRANT USAGE ON SCHEMA public TO hub_ingest, hub_process, hub_api, hub_open;

DO $$
DECLARE
    routine regprocedure;
    relation regclass;
BEGIN
    -- These fill the disk: large objects, the write-ahead log and its archive (even where a transaction is read-only),
    -- and files of snapshots. Nothing of ours needs them but the backup, which the owner makes.
    FOR routine IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND (
            proname ~ '^lo_|^loread$|^lowrite$'
            OR proname IN ('pg_logical_emit_message', 'pg_current_xact_id', 'txid_current', 'pg_export_snapshot')
        )
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hub_owner', routine);
    END LOOP;
    -- Who holds a lock of the hub's stops its work.
    FOR routine IN
        SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hub_owner, hub_ingest, hub_process', routine);
    END LOOP;
    -- TimescaleDB lets everybody add jobs and drop chunks, and tells everybody of when there are data. Reading and
    -- writing hypertables needs none of this; what the parts ask of it, they ask by functions of the owner.
    -- Only queries of compressed chunks may be planned with a call of bloom1_contains, which looks at its arguments.
    FOR routine IN
        SELECT d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE e.extname = 'timescaledb' AND d.deptype = 'e'
            AND d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass
    LOOP
        EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC, hub_ingest, hub_process', routine);
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO hub_owner', routine);
        IF (SELECT proname FROM pg_proc WHERE oid = routine) ~ '^bloom1_contains' THEN
            EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO hub_ingest, hub_process', routine);
        END IF;
    END LOOP;
    FOR relation IN
        SELECT d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE e.extname = 'timescaledb' AND d.deptype = 'e' AND d.objsubid = 0
            AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass
    LOOP
        EXECUTE format('REVOKE SELECT ON %s FROM PUBLIC, hub_process', relation);
        EXECUTE format('GRANT SELECT ON %s TO hub_owner', relation);
    END LOOP;
END
$$;
