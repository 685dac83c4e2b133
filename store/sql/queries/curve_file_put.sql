-- Remember a file, or that it came again: with points that were declared since. Returns its number, and when it was
-- imported before, null for never.
INSERT INTO curve_file (digest, name, kind, points, kept, problems)
VALUES (%(digest)s, %(name)s, %(kind)s, %(points)s, %(kept)s, %(problems)s)
ON CONFLICT (digest) DO UPDATE
SET
    name = excluded.name, kept = excluded.kept, problems = excluded.problems,
    points = ARRAY(SELECT unnest(curve_file.points) UNION SELECT unnest(excluded.points) ORDER BY 1)
RETURNING no, CASE WHEN imported_at < now() THEN imported_at END
