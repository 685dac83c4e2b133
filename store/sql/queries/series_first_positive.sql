-- Note the first positive value of each staged series. Returns the days, already stored, between the new first
-- positive and the old one: what was a plain zero there has become an outage.
WITH earlier AS (
    SELECT i.series_no, min(i.at) AS at
    FROM incoming AS i
    JOIN series AS s ON s.no = i.series_no
    WHERE i.value > 0 AND (s.first_positive_at IS NULL OR i.at < s.first_positive_at)
    GROUP BY i.series_no
), before AS (
    SELECT e.series_no, e.at, coalesce(s.first_positive_at, 'infinity') AS until
    FROM earlier AS e
    JOIN series AS s ON s.no = e.series_no
), noted AS (
    UPDATE series AS s SET first_positive_at = e.at FROM earlier AS e WHERE s.no = e.series_no
)
SELECT DISTINCT b.series_no, (r.at AT TIME ZONE 'UTC')::date AS day
FROM before AS b
JOIN reading AS r ON r.series_no = b.series_no AND r.at > b.at AND r.at < b.until
