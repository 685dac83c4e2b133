-- Comparisons of sharing keys that somebody asked the interface for: a worker computes them one after the other.

-- One comparison. The request holds the first and last local month, the keys as keys.toml writes them, and whether
-- members go by their names. Of what runs, `steps_done` of `steps` are computed; a worker that ended in the middle of
-- one leaves it running, and the next worker begins it anew.
CREATE TABLE comparison (
    no           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_no int NOT NULL REFERENCES community ON DELETE CASCADE,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    request      jsonb NOT NULL,
    status       text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'running', 'done', 'failed')),
    attempts     smallint NOT NULL DEFAULT 0,
    steps_done   int NOT NULL DEFAULT 0,
    steps        int,
    ended_at     timestamptz CHECK ((ended_at IS NOT NULL) = (status IN ('done', 'failed'))),
    error        text CHECK ((error IS NOT NULL) = (status = 'failed')),
    result       json, -- and not jsonb: columns stay in their order
    report_en    text,
    report_fr    text,
    CHECK (num_nulls(result, report_en, report_fr) = CASE WHEN status = 'done' THEN 0 ELSE 3 END)
);
CREATE INDEX comparison_of_community ON comparison (community_no, no);
