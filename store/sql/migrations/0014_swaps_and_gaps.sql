-- Meter swaps that an operator recorded, the gaps that other weeks give a shape to, and marks of parts of days.

-- A meter was replaced: the index of the old register and of the new one at the same instant.
CREATE TABLE meter_swap (
    point_no    int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow        flow NOT NULL,
    tariff      text NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    old_wh      bigint NOT NULL CHECK (old_wh >= 0),
    new_wh      bigint NOT NULL CHECK (new_wh >= 0),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (point_no, flow, tariff, at)
);

-- The readings around a stretch of a register that is too long to be interpolated. Its estimate changes with the weeks
-- around it.
CREATE TABLE gap (
    point_no  int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow      flow NOT NULL,
    series_no int NOT NULL,
    start     timestamptz NOT NULL,
    "end"     timestamptz NOT NULL CHECK ("end" > start),
    PRIMARY KEY (point_no, flow, series_no, start)
);

-- Only registers have zeros that are outages: a power of zero is a measurement.
UPDATE series SET first_positive_at = NULL
WHERE first_positive_at IS NOT NULL
    AND quantity NOT IN ('import_energy', 'export_energy', 'pv_energy', 'consumption_energy');

-- Of a community's day often a few steps change: from the first to the last of these. Null: the whole day.
ALTER TABLE stale ADD COLUMN first_start timestamptz;
ALTER TABLE stale ADD COLUMN last_start timestamptz;
