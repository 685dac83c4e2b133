-- Which TimescaleDB this database has, and its version.
SELECT timescale_edition() AS edition, (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS version
