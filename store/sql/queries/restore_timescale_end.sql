-- Where TimescaleDB is: let it work again.
DO '
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = ''timescaledb'') THEN
        PERFORM timescaledb_post_restore();
    END IF;
END
'
