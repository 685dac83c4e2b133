-- The commands that make a login for a viewer, who can send any SQL. It inherits and owns nothing. It waits no longer
-- than a person would, and it cannot fill the disk: neither by sorting, nor by errors, which the server's log would
-- repeat with the values in them. (CREATE ROLE takes no parameters, hence commands.)
SELECT format(
    'CREATE ROLE %%I LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20 PASSWORD %%L',
    %(role)s::text, %(password)s::text
)
UNION ALL
SELECT format('ALTER ROLE %%I SET %%s', %(role)s::text, setting)
FROM unnest(ARRAY[
    'default_transaction_read_only = on', 'statement_timeout = ''30s''',
    'idle_in_transaction_session_timeout = ''60s''', 'temp_file_limit = ''256MB''',
    'log_min_messages = fatal'
]) AS setting
