-- The staging table of computed balances of this connection, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS balanced (
    start          timestamptz NOT NULL,
    consumption_wh bigint NOT NULL,
    production_wh  bigint NOT NULL,
    allocated_wh   bigint NOT NULL,
    residual_wh    bigint NOT NULL,
    surplus_wh     bigint NOT NULL,
    present        int NOT NULL,
    expected       int NOT NULL,
    quality        smallint NOT NULL,
    settled        boolean NOT NULL
) ON COMMIT DELETE ROWS
