-- The staging table of computed intervals of this connection, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS computed (
    point_no  int NOT NULL,
    flow      flow NOT NULL,
    start     timestamptz NOT NULL,
    energy_wh bigint NOT NULL,
    quality   smallint NOT NULL,
    method    text NOT NULL
) ON COMMIT DELETE ROWS
