-- The staging table of the operator's results of a file, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS result_incoming (
    point_no    int NOT NULL,
    flow        flow NOT NULL,
    result      text NOT NULL,
    month_start timestamptz NOT NULL,
    month_end   timestamptz NOT NULL,
    energy_wh   bigint NOT NULL,
    rounding_wh bigint NOT NULL
) ON COMMIT DELETE ROWS
