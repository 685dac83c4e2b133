-- Where TimescaleDB is: let its catalogue and chunks be written as they are, and keep its workers away.
DO '
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = ''timescaledb'') THEN
        PERFORM timescaledb_pre_restore();
    END IF;
END
'
