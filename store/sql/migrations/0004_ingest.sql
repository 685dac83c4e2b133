-- What ingestion remembers besides readings: the site map, messages that later ones need, and who listens.

-- The topics below a prefix: who publishes there, by which clock, and what names chosen by the user measure.
CREATE TABLE site (
    prefix  text PRIMARY KEY,
    dialect text NOT NULL,
    zone    text NOT NULL,
    name    text NOT NULL,
    roles   jsonb NOT NULL
);

-- The last message on each topic without which later messages cannot be read (births of Sparkplug B, for one).
CREATE TABLE kept_message (
    topic   text PRIMARY KEY,
    payload bytea NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);

-- Every process that listens tells how it is, every few seconds. Counts are since its start.
CREATE TABLE listener (
    id                text PRIMARY KEY,
    started_at        timestamptz NOT NULL,
    told_at           timestamptz NOT NULL,
    is_connected      boolean NOT NULL,
    messages          bigint NOT NULL,
    stored            bigint NOT NULL,
    repeated          bigint NOT NULL,
    undated           bigint NOT NULL,
    rejected_messages bigint NOT NULL,
    rejected_readings bigint NOT NULL,
    queued            bigint NOT NULL,
    full_s            double precision NOT NULL,
    broker_losses     bigint NOT NULL,
    database_losses   bigint NOT NULL
);

-- The client ids for which a broker keeps messages, until they are given up, and the group they share in.
CREATE TABLE broker_session (
    id         text PRIMARY KEY,
    group_name text NOT NULL
);

ALTER TABLE rejected_message ADD COLUMN retain boolean NOT NULL DEFAULT false;

ALTER TABLE rejected_reading ADD COLUMN dialect text NOT NULL DEFAULT '';
ALTER TABLE rejected_reading ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX rejected_reading_heard ON rejected_reading (heard_at);
