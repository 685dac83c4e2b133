-- The staging table of computed allocations of this connection, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS allocated (
    point_no     int NOT NULL,
    start        timestamptz NOT NULL,
    import_wh    bigint,
    export_wh    bigint,
    share_wh     bigint NOT NULL,
    allocated_wh bigint NOT NULL,
    residual_wh  bigint,
    surplus_wh   bigint,
    quality      smallint NOT NULL,
    key_no       int
) ON COMMIT DELETE ROWS
