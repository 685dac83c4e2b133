-- Replace stored readings that come again with another value, and keep the old one: the newest delivery wins.
-- Rows are locked in one order by everybody. Returns the span of time touched.
WITH other AS (
    SELECT r.series_no, r.at, r.value AS old_value, i.value
    FROM incoming AS i
    JOIN reading AS r USING (series_no, at)
    WHERE r.value IS DISTINCT FROM i.value
    ORDER BY r.series_no, r.at
    FOR UPDATE OF r
), kept AS (
    INSERT INTO reading_revision (series_no, at, old_value)
    SELECT series_no, at, old_value FROM other
), written AS (
    UPDATE reading AS r SET value = o.value FROM other AS o
    WHERE r.series_no = o.series_no AND r.at = o.at
    RETURNING r.series_no, r.at
)
SELECT series_no, (at AT TIME ZONE 'UTC')::date AS day, count(*) FROM written GROUP BY series_no, day
