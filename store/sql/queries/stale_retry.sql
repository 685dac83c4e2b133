-- Put a span whose computation failed aside with its reason; it is tried again later, ever more rarely: after 4 s,
-- 16 s, and so on up to an hour.
INSERT INTO stale (kind, ref_no, day, attempts, error, not_before)
VALUES (
    %(kind)s, %(ref_no)s, %(day)s, least(%(attempts)s, 1000), %(error)s,
    now() + least(power(4, least(%(attempts)s, 6)), 3600) * '1 second'::interval
)
