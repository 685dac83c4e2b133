-- The first schema: what was heard, whom it belongs to, and what was made of it.
-- Numbered columns (`no`) are internal and small; ids are what people and devices write.

CREATE TYPE flow AS ENUM ('import', 'export');
CREATE TYPE source AS ENUM ('device', 'operator');

CREATE TABLE community (
    no        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        text NOT NULL UNIQUE,
    name      text NOT NULL,
    place     text NOT NULL,
    zone      text NOT NULL,
    step_min  smallint NOT NULL CHECK (step_min IN (15, 30, 60)),
    simulated boolean NOT NULL DEFAULT false
);

CREATE TABLE holder (
    no      int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id      text NOT NULL UNIQUE,
    kind    text NOT NULL CHECK (kind IN ('natural', 'legal', 'public')),
    consent boolean NOT NULL DEFAULT false
);

CREATE TABLE point (
    no        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        text NOT NULL UNIQUE,
    holder_no int NOT NULL REFERENCES holder,
    name      text NOT NULL,
    role      text NOT NULL CHECK (role IN ('consumer', 'producer', 'prosumer')),
    category  text NOT NULL,
    limit_w   bigint CHECK (limit_w > 0)
);

CREATE TABLE device_mapping (
    point_no   int NOT NULL REFERENCES point,
    device     text NOT NULL,
    channel    text NOT NULL DEFAULT '',
    measures   text NOT NULL CHECK (measures IN ('grid', 'production')),
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL CHECK (valid_to > valid_from),
    PRIMARY KEY (device, channel, valid_from)
);
CREATE INDEX device_mapping_point ON device_mapping (point_no);

CREATE TABLE membership (
    community_no int NOT NULL REFERENCES community,
    point_no     int NOT NULL REFERENCES point,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL CHECK (valid_to > valid_from),
    PRIMARY KEY (community_no, point_no, valid_from)
);
CREATE INDEX membership_point ON membership (point_no);

CREATE TABLE sharing_key (
    community_no int NOT NULL REFERENCES community,
    rule         jsonb NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL CHECK (valid_to > valid_from),
    PRIMARY KEY (community_no, valid_from)
);

CREATE TABLE device (
    no            int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            text NOT NULL UNIQUE,
    dialect       text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL
);

CREATE TABLE series (
    no        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_no int NOT NULL REFERENCES device,
    quantity  text NOT NULL,
    phase     text NOT NULL DEFAULT '',
    channel   text NOT NULL DEFAULT '',
    tariff    text NOT NULL DEFAULT '',
    -- A register never goes back to zero by itself: zeros later than this are outages, not measurements.
    first_positive_at timestamptz,
    UNIQUE (device_no, quantity, phase, channel, tariff)
);

CREATE TABLE reading (
    series_no int NOT NULL,
    at        timestamptz NOT NULL,
    value     double precision NOT NULL,
    PRIMARY KEY (series_no, at)
);

CREATE TABLE reading_revision (
    series_no  int NOT NULL,
    at         timestamptz NOT NULL,
    old_value  double precision NOT NULL,
    revised_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reading_revision_series ON reading_revision (series_no, at);

CREATE TABLE rejected_message (
    digest   bytea PRIMARY KEY,
    topic    text NOT NULL,
    payload  bytea NOT NULL,
    zone     text NOT NULL,
    reason   text NOT NULL,
    times    bigint NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL
);
CREATE INDEX rejected_message_last ON rejected_message (last_at);

CREATE TABLE rejected_reading (
    device   text NOT NULL,
    quantity text NOT NULL,
    phase    text NOT NULL,
    channel  text NOT NULL,
    tariff   text NOT NULL,
    at       timestamptz NOT NULL,
    value    double precision NOT NULL,
    reason   text NOT NULL,
    times    bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (device, quantity, phase, channel, tariff, at, value)
);

CREATE TABLE stale (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('series', 'community')),
    ref_no     int NOT NULL,
    day        date NOT NULL,
    attempts   smallint NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    error      text
);
CREATE INDEX stale_span ON stale (kind, ref_no, day);

CREATE TABLE interval (
    point_no  int NOT NULL,
    flow      flow NOT NULL,
    source    source NOT NULL,
    start     timestamptz NOT NULL,
    energy_wh bigint NOT NULL CHECK (energy_wh >= 0),
    quality   smallint NOT NULL,
    method    text NOT NULL,
    PRIMARY KEY (point_no, start, flow, source)
);

CREATE TABLE power_now (
    point_no int NOT NULL REFERENCES point,
    flow     flow NOT NULL,
    at       timestamptz NOT NULL,
    power_w  bigint NOT NULL,
    PRIMARY KEY (point_no, flow)
);

CREATE TABLE allocation (
    community_no int NOT NULL,
    point_no     int NOT NULL,
    start        timestamptz NOT NULL,
    import_wh    bigint,
    export_wh    bigint,
    share_wh     bigint NOT NULL,
    allocated_wh bigint NOT NULL,
    residual_wh  bigint,
    surplus_wh   bigint,
    PRIMARY KEY (community_no, start, point_no)
);

CREATE TABLE balance (
    community_no   int NOT NULL,
    start          timestamptz NOT NULL,
    consumption_wh bigint NOT NULL,
    production_wh  bigint NOT NULL,
    allocated_wh   bigint NOT NULL,
    residual_wh    bigint NOT NULL,
    surplus_wh     bigint NOT NULL,
    present        int NOT NULL,
    expected       int NOT NULL,
    quality        smallint NOT NULL,
    settled        boolean NOT NULL,
    PRIMARY KEY (community_no, start)
);

CREATE TABLE release (
    no              int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset         text NOT NULL,
    version         int NOT NULL,
    released_at     timestamptz NOT NULL,
    digest          text NOT NULL,
    previous_digest text,
    UNIQUE (dataset, version)
);

CREATE TABLE release_file (
    release_no int NOT NULL REFERENCES release,
    name       text NOT NULL,
    media_type text NOT NULL,
    content    bytea NOT NULL,
    sha256     text NOT NULL,
    PRIMARY KEY (release_no, name)
);

-- What a Grafana viewer may see: views filtered on the login role, and nothing beneath them.
CREATE TABLE viewer (
    role_name    text NOT NULL,
    community_no int NOT NULL REFERENCES community ON DELETE CASCADE,
    PRIMARY KEY (role_name, community_no)
);

CREATE SCHEMA shown;

CREATE VIEW shown.community WITH (security_barrier) AS
SELECT c.id, c.name, c.place, c.zone, c.step_min, c.simulated
FROM public.community AS c
JOIN public.viewer AS v ON v.community_no = c.no
WHERE v.role_name = session_user;

CREATE VIEW shown.balance WITH (security_barrier) AS
SELECT
    c.id AS community,
    b.start,
    b.consumption_wh / 1000.0 AS consumption_kwh,
    b.production_wh / 1000.0 AS production_kwh,
    b.allocated_wh / 1000.0 AS allocated_kwh,
    b.residual_wh / 1000.0 AS residual_kwh,
    b.surplus_wh / 1000.0 AS surplus_kwh,
    b.present,
    b.expected,
    b.quality,
    CASE WHEN b.settled THEN 'settled' ELSE 'provisional' END AS status
FROM public.balance AS b
JOIN public.community AS c ON c.no = b.community_no
JOIN public.viewer AS v ON v.community_no = c.no
WHERE v.role_name = session_user;
