-- The staging table of computed pairs of this connection, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS paired (
    producer_no  int NOT NULL,
    point_no     int NOT NULL,
    start        timestamptz NOT NULL,
    allocated_wh bigint NOT NULL
) ON COMMIT DELETE ROWS
