-- The staging table of values of a file, emptied at every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS curve_incoming (
    point_no int NOT NULL,
    flow     flow NOT NULL,
    start    timestamptz NOT NULL,
    step_min smallint NOT NULL,
    nature   smallint NOT NULL,
    mean_w   double precision NOT NULL,
    quality  smallint NOT NULL
) ON COMMIT DELETE ROWS
