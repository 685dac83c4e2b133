-- Put a span whose computation failed aside with its reason; it is tried again later, ever more rarely.
INSERT INTO stale (kind, ref_no, day, attempts, error, not_before)
VALUES (
    %(kind)s, %(ref_no)s, %(day)s, %(attempts)s, %(error)s,
    now() + least(power(4, %(attempts)s), 3600) * '1 second'::interval
)
