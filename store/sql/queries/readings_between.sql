-- Readings of series in one stretch of time, in no order; the zeros of outages are among them.
SELECT series_no, at, value
FROM reading
WHERE series_no = ANY (%(series)s) AND at >= %(start)s AND at <= %(end)s
