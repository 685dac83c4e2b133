-- Hold one moment of the database for others to read, however long they take; and say which servers and versions it is.
SELECT
    pg_export_snapshot(),
    now(),
    current_setting('server_version'),
    (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
    (
        SELECT count(set_config(name, '0', true)) FROM pg_settings
        WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
    )
