-- The staging table of this connection, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
    series_no int NOT NULL,
    at        timestamptz NOT NULL,
    value     double precision NOT NULL
) ON COMMIT DELETE ROWS
