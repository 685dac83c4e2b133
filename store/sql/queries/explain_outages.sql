-- Zeros of outages of registers in a stretch of time: readings that are stored and never used.
SELECT r.series_no, r.at
FROM reading AS r
JOIN series AS s ON s.no = r.series_no
WHERE
    r.series_no = ANY (%(series)s) AND r.at >= %(start)s AND r.at < %(end)s
    AND r.value = 0 AND r.at > s.first_positive_at
