-- Replace stored readings that come again with another value, and keep the old one: the newest delivery wins.
-- Rows are looked up one by one, and locked in one order by everybody. Returns the span of time touched.
WITH other AS (
    SELECT i.series_no, i.at, r.old_value, i.value
    FROM (SELECT series_no, at, value FROM incoming ORDER BY series_no, at) AS i
    CROSS JOIN LATERAL (
        SELECT s.value AS old_value
        FROM reading AS s
        WHERE s.series_no = i.series_no AND s.at = i.at AND s.value IS DISTINCT FROM i.value
        FOR UPDATE
    ) AS r
), kept AS (
    INSERT INTO reading_revision (series_no, at, old_value)
    SELECT series_no, at, old_value FROM other
), written AS (
    UPDATE reading AS r SET value = o.value FROM other AS o
    WHERE r.series_no = o.series_no AND r.at = o.at
    RETURNING r.series_no, r.at
)
SELECT series_no, (at AT TIME ZONE 'UTC')::date AS day, count(*) FROM written GROUP BY series_no, day
