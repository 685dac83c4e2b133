-- Note when locked series were first positive, as their readings say now. Returns the days, already stored, between
-- that and what was noted before: plain zeros there became outages, or back.
WITH noted AS (
    SELECT s.no AS series_no, s.first_positive_at AS was_at, (
        SELECT r.at FROM reading AS r WHERE r.series_no = s.no AND r.value > 0 ORDER BY r.at LIMIT 1
    ) AS is_at
    FROM series AS s
    WHERE s.no = ANY (%(series)s)
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
