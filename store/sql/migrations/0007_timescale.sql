-- What the hub asks of TimescaleDB: hypertables, compression, and chunks that go whole. On a server without it the same
-- functions are there and find nothing to do. Those that change something run as the owner of the tables, because
-- TimescaleDB lets nobody else, and take no name but those of the two tables.

-- Which TimescaleDB this database has: none, apache (hypertables), or community (which compresses too).
CREATE FUNCTION timescale_edition() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'timescaledb') THEN 'none'
        WHEN pg_catalog.current_setting('timescaledb.license', true) = 'timescale' THEN 'community'
        ELSE 'apache'
    END
$$;

-- Make readings and intervals what the server offers; safe to repeat. The tables are ordinary ones still when the
-- extension came later than the hub, or when the database was restored from a server without it.
-- The chunks are those of 0002. EXECUTE, because TimescaleDB takes its options out of a statement that it has read, so
-- that a statement kept for the next call would do nothing there, or worse (its issue 8600).
CREATE FUNCTION use_timescale() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    version int[];
BEGIN
    IF timescale_edition() = 'none' THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM timescaledb_information.hypertables
                   WHERE hypertable_schema = 'public' AND hypertable_name = 'reading') THEN
        PERFORM create_hypertable('public.reading', 'at', chunk_time_interval => interval '7 days',
                                  create_default_indexes => false, migrate_data => true);
    END IF;
    IF NOT EXISTS (SELECT FROM timescaledb_information.hypertables
                   WHERE hypertable_schema = 'public' AND hypertable_name = 'interval') THEN
        PERFORM create_hypertable('public.interval', 'start', chunk_time_interval => interval '90 days',
                                  create_default_indexes => false, migrate_data => true);
    END IF;

    SELECT ARRAY[split_part(extversion, '.', 1)::int, split_part(extversion, '.', 2)::int] INTO version
    FROM pg_extension WHERE extname = 'timescaledb';
    IF timescale_edition() <> 'community' OR version < ARRAY[2, 18] THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM timescaledb_information.hypertables
                   WHERE hypertable_schema = 'public' AND hypertable_name = 'reading' AND compression_enabled) THEN
        EXECUTE 'ALTER TABLE public.reading SET (timescaledb.enable_columnstore, '
            'timescaledb.segmentby = ''series_no'', timescaledb.orderby = ''at'')';
    END IF;
    IF NOT EXISTS (SELECT FROM timescaledb_information.hypertables
                   WHERE hypertable_schema = 'public' AND hypertable_name = 'interval' AND compression_enabled) THEN
        EXECUTE 'ALTER TABLE public.interval SET (timescaledb.enable_columnstore, '
            'timescaledb.segmentby = ''point_no, flow, source'', timescaledb.orderby = ''start'')';
    END IF;
END
$$;

-- Compress chunks that ended before an instant, oldest first, no more than so many; return how many it did.
-- A chunk that somebody reads (a backup does for hours) is not waited for: all who read and write would wait behind.
CREATE FUNCTION compress_old_chunks(before timestamptz, most int) RETURNS int
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    chunk regclass;
    compressed int := 0;
BEGIN
    IF timescale_edition() <> 'community' THEN
        RETURN 0;
    END IF;
    FOR chunk IN
        SELECT format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
        FROM timescaledb_information.chunks AS c
        JOIN timescaledb_information.hypertables AS h USING (hypertable_schema, hypertable_name)
        WHERE c.hypertable_schema = 'public'
            AND c.hypertable_name IN ('reading', 'interval')
            AND h.compression_enabled
            AND NOT c.is_compressed
            AND c.range_end <= before
        ORDER BY c.range_end, c.chunk_name
        LIMIT most
    LOOP
        PERFORM compress_chunk(chunk);
        compressed := compressed + 1;
    END LOOP;
    RETURN compressed;
END
$$;

-- The chunks of a table that ended before an instant, oldest first. The number of rows is an estimate, null before
-- the server has counted them for the first time.
CREATE FUNCTION old_chunks(table_name text, before timestamptz)
RETURNS TABLE (chunk text, starts_at timestamptz, ends_at timestamptz, size_bytes bigint, about_rows bigint)
LANGUAGE plpgsql STRICT STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF table_name NOT IN ('reading', 'interval') THEN
        RAISE EXCEPTION 'only reading and interval have chunks, not %', table_name USING ERRCODE = '22023';
    END IF;
    IF timescale_edition() = 'none' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.chunk_name::text, c.range_start, c.range_end, s.total_bytes,
        nullif(approximate_row_count(format('%I.%I', c.chunk_schema, c.chunk_name)::regclass), 0)
    FROM timescaledb_information.chunks AS c
    JOIN timescaledb_information.hypertables AS h USING (hypertable_schema, hypertable_name)
    JOIN chunks_detailed_size(format('public.%I', table_name)::regclass) AS s USING (chunk_schema, chunk_name)
    WHERE c.hypertable_schema = 'public' AND c.hypertable_name = table_name AND c.range_end <= before
    ORDER BY c.range_end;
END
$$;

-- Drop whole chunks that ended before an instant, oldest first, no more than so many; return how many went.
-- One that somebody reads is not waited for either.
CREATE FUNCTION drop_old_chunks(table_name text, before timestamptz, most int) RETURNS int
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    last_end timestamptz;
    dropped int;
BEGIN
    SELECT max(c.ends_at) INTO last_end
    FROM (SELECT ends_at FROM old_chunks(table_name, before) LIMIT most) AS c;
    IF last_end IS NULL THEN
        RETURN 0;
    END IF;
    SELECT count(*) INTO dropped
    FROM drop_chunks(format('public.%I', table_name)::regclass, older_than => last_end);
    RETURN dropped;
END
$$;

-- Write a sentence on a table, a view, or one of its columns. COMMENT takes no parameters, hence a function.
CREATE FUNCTION describe(relation regclass, column_name text, sentence text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF column_name IS NOT NULL THEN
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', relation, column_name, sentence);
    ELSIF EXISTS (SELECT FROM pg_class WHERE oid = relation AND relkind = 'v') THEN
        EXECUTE format('COMMENT ON VIEW %s IS %L', relation, sentence);
    ELSE
        EXECUTE format('COMMENT ON TABLE %s IS %L', relation, sentence);
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION use_timescale() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION compress_old_chunks(timestamptz, int) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION old_chunks(text, timestamptz) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION drop_old_chunks(text, timestamptz, int) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION describe(regclass, text, text) FROM PUBLIC;
