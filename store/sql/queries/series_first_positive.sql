-- Note the first positive value of each staged series, also when the one noted was corrected to nothing. Returns the
-- days, already stored, between the first positive and the one noted before: plain zeros there became outages, or back.
WITH noted AS (
    SELECT s.no AS series_no, s.first_positive_at AS was_at, least(
        min(i.at) FILTER (WHERE i.value > 0),
        CASE
            WHEN bool_or(i.at = s.first_positive_at AND i.value <= 0)
                THEN (SELECT min(r.at) FROM reading AS r WHERE r.series_no = s.no AND r.value > 0)
            ELSE s.first_positive_at
        END
    ) AS is_at
    FROM incoming AS i
    JOIN series AS s ON s.no = i.series_no
    GROUP BY s.no
), moved AS (
    SELECT
        series_no, is_at, least(was_at, is_at) AS since,
        greatest(coalesce(was_at, 'infinity'), coalesce(is_at, 'infinity')) AS until
    FROM noted
    WHERE was_at IS DISTINCT FROM is_at
), kept AS (
    UPDATE series AS s SET first_positive_at = m.is_at FROM moved AS m WHERE s.no = m.series_no
)
SELECT DISTINCT m.series_no, (r.at AT TIME ZONE 'UTC')::date AS day
FROM moved AS m
JOIN reading AS r ON r.series_no = m.series_no AND r.at > m.since AND r.at < m.until
