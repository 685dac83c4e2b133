-- What the server is.
SELECT concat_ws(
    ' + ', 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1),
    (SELECT 'TimescaleDB ' || extversion FROM pg_extension WHERE extname = 'timescaledb')
)
