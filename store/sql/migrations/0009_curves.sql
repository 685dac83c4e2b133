-- What the distribution operator's files say: a second source of intervals, which outranks the devices.

-- A file that was imported. `points` are the numbers of the points in it; its name may hold the id of one.
CREATE TABLE curve_file (
    no          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      bytea NOT NULL UNIQUE,
    name        text NOT NULL,
    kind        text NOT NULL,
    points      int[] NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    kept        int NOT NULL,
    problems    int NOT NULL
);

-- Mean power of a flow of a point over a step. Nature: 0 as metered, 1 completed, 2 corrected by the operator; the
-- natures stand beside one another, and the highest counts. Steps are whole minutes that divide the hour.
CREATE TABLE curve (
    point_no int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow     flow NOT NULL,
    start    timestamptz NOT NULL CHECK (extract(epoch FROM start) % 60 = 0),
    step_min smallint NOT NULL CHECK (step_min BETWEEN 1 AND 60 AND 60 % step_min = 0),
    nature   smallint NOT NULL CHECK (nature BETWEEN 0 AND 2),
    mean_w   double precision NOT NULL CHECK (mean_w >= 0 AND mean_w <= 1e9),
    quality  smallint NOT NULL,
    file_no  int NOT NULL REFERENCES curve_file ON DELETE CASCADE,
    PRIMARY KEY (point_no, start, flow, step_min, nature)
);
CREATE INDEX curve_start ON curve (start);
CREATE INDEX curve_of_file ON curve (file_no);

-- The value that a later file replaced.
CREATE TABLE curve_revision (
    point_no   int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow       flow NOT NULL,
    start      timestamptz NOT NULL,
    step_min   smallint NOT NULL,
    nature     smallint NOT NULL,
    old_mean_w double precision NOT NULL,
    revised_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX curve_revision_point ON curve_revision (point_no, start);
CREATE INDEX curve_revision_start ON curve_revision (start);

-- A UTC day of a point whose curve changed waits like that of a series.
ALTER TABLE stale DROP CONSTRAINT stale_kind_check;
ALTER TABLE stale ADD CONSTRAINT stale_kind_check CHECK (kind IN ('series', 'community', 'curve'));

-- One flow of a point in a quarter of an hour as the operator and as the device tell it, where either does. What the
-- interface compares: it sees no other interval.
CREATE VIEW compared_interval AS
SELECT
    i.point_no,
    i.flow,
    i.start,
    max(i.energy_wh) FILTER (WHERE i.source = 'operator') AS operator_wh,
    max(i.energy_wh) FILTER (WHERE i.source = 'device') AS device_wh
FROM interval AS i
JOIN point AS p ON p.no = i.point_no
GROUP BY i.point_no, i.flow, i.start;
