-- Let this transaction remove as much from compressed chunks as it must, where TimescaleDB has a limit for it.
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'
