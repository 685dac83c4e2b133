-- The series with readings before an instant, found one by one in the index.
SELECT s.no
FROM series AS s
WHERE EXISTS (SELECT FROM reading AS r WHERE r.series_no = s.no AND r.at < %(before)s::timestamptz)
ORDER BY s.no
