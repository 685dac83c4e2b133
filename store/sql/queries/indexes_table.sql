-- The staging table of registers of a file, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS index_incoming (
    point_no    int NOT NULL,
    flow        flow NOT NULL,
    tariff      text NOT NULL,
    at          timestamptz NOT NULL,
    nature      smallint NOT NULL,
    register_wh bigint NOT NULL,
    quality     smallint NOT NULL
) ON COMMIT DELETE ROWS
