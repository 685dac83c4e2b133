-- Lock the series whose first positive reading changes with a batch, in order: an earlier one came, or what was noted
-- is corrected to nothing. Who waits here for another writer looks again at what that one has noted.
SELECT s.no
FROM unnest(%(series)s::int[], %(ats)s::timestamptz[]) AS p (series_no, at)
JOIN series AS s ON s.no = p.series_no
WHERE p.at < coalesce(s.first_positive_at, 'infinity')
    OR (s.no, coalesce(s.first_positive_at, 'infinity')) IN (
        SELECT i.series_no, i.at FROM incoming AS i WHERE i.value <= 0
    )
ORDER BY s.no
FOR UPDATE OF s
