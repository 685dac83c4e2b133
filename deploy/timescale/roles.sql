-- Login roles of the hub's database: `hub` owns it, `grafana` is a viewer. Passwords come from the environment.
-- Run by a superuser, connected to that database, before `hub migrate`. Safe to repeat: it then sets new passwords.
-- The viewer can log in and no more, until `hub viewer grafana COMMUNITY...` shows it a community.
\set ON_ERROR_STOP on
\set hub_password ''
\set grafana_password ''
\getenv hub_password HUB_DB_PASSWORD
\getenv grafana_password GRAFANA_DB_PASSWORD

SELECT set_config('enercommons.passwords', least(length(:'hub_password'), length(:'grafana_password'))::text, false)
\g /dev/null
DO $$
BEGIN
    IF current_setting('enercommons.passwords')::int = 0 THEN
        RAISE EXCEPTION 'set HUB_DB_PASSWORD and GRAFANA_DB_PASSWORD in the environment, then run this again';
    END IF;
END
$$;

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['hub', 'grafana']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE hub LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'hub_password';
SELECT format('ALTER DATABASE %I OWNER TO hub', current_database())
\gexec

-- A viewer can send any SQL: it may wait no longer than a person would, and take no more connections than Grafana opens.
ALTER ROLE grafana LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20 PASSWORD :'grafana_password';
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO grafana', current_database())
\gexec
