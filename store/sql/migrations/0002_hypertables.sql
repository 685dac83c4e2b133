-- Where TimescaleDB is present, readings and intervals are hypertables; elsewhere they stay ordinary tables.
-- A chunk of seven days of readings from two hundred points every ten seconds is about 12 million rows: with its
-- index it fits in the memory of a modest server, and old chunks can be compressed or dropped whole.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('reading', 'at', chunk_time_interval => interval '7 days',
                                  create_default_indexes => false);
        PERFORM create_hypertable('interval', 'start', chunk_time_interval => interval '90 days',
                                  create_default_indexes => false);
    END IF;
END
$$;
