-- Settled months: once a month of a community is whole it is closed, and what changes later makes a new version of it
-- while the old one stays readable.

-- A version of a local month of a community. The first is what was there when it was closed; each later one gathers the
-- corrections of a UTC day.
CREATE TABLE settlement (
    community_no int NOT NULL REFERENCES community ON DELETE CASCADE,
    month_start  timestamptz NOT NULL,
    month_end    timestamptz NOT NULL CHECK (month_end > month_start),
    version      int NOT NULL CHECK (version > 0),
    reason       text NOT NULL CHECK (reason IN ('first', 'regularisation') AND (reason = 'first') = (version = 1)),
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (community_no, month_start, version)
);

-- A step of a settled month as it was before a version changed it. All null: the step was not there.
CREATE TABLE balance_revision (
    community_no   int NOT NULL,
    start          timestamptz NOT NULL,
    version        int NOT NULL,
    consumption_wh bigint,
    production_wh  bigint,
    allocated_wh   bigint,
    residual_wh    bigint,
    surplus_wh     bigint,
    present        int,
    expected       int,
    quality        smallint,
    settled        boolean,
    PRIMARY KEY (community_no, start, version),
    CHECK (num_nulls(
        consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh, present, expected, quality, settled
    ) IN (0, 9))
);

-- All allocations of that step as they were: a member without a row had none.
CREATE TABLE allocation_revision (
    community_no int NOT NULL,
    start        timestamptz NOT NULL,
    version      int NOT NULL,
    point_no     int NOT NULL,
    import_wh    bigint,
    export_wh    bigint,
    share_wh     bigint NOT NULL,
    allocated_wh bigint NOT NULL,
    residual_wh  bigint,
    surplus_wh   bigint,
    quality      smallint,
    PRIMARY KEY (community_no, start, version, point_no)
);
