-- Store staged readings that are not there yet; devices and brokers repeat themselves.
-- Returns the span of time touched, so that processing knows what to recompute.
WITH written AS (
    INSERT INTO reading (series_no, at, value)
    SELECT series_no, at, value FROM incoming ORDER BY series_no, at
    ON CONFLICT (series_no, at) DO NOTHING
    RETURNING series_no, at
)
SELECT series_no, (at AT TIME ZONE 'UTC')::date AS day, count(*) FROM written GROUP BY series_no, day
