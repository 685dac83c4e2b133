-- Checks by which all that is computed was computed anew from the readings, and compared with what is stored.

-- One check. Of what is not ended yet, UTC days before `done_before` are done. Null since: from the beginning; null
-- community: everybody. Rows are those of intervals, balances and allocations; waiting are days of points and of
-- communities that were left out, for something waited to be computed.
CREATE TABLE recomputation (
    no           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    since        date,
    community_no int REFERENCES community ON DELETE CASCADE,
    done_before  date,
    compared     bigint NOT NULL DEFAULT 0,
    differing    bigint NOT NULL DEFAULT 0,
    waiting      bigint NOT NULL DEFAULT 0
);
