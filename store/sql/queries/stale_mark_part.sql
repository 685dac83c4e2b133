-- Mark parts of the days of communities. A mark of the whole day, or of a part that holds this one, serves again if
-- nobody works on it yet (store/sql/queries/stale_mark.sql).
WITH wanted AS (
    SELECT ref_no, day, first_start, last_start
    FROM unnest(%(refs)s::int[], %(days)s::date[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
        AS w (ref_no, day, first_start, last_start)
), waiting AS (
    SELECT s.ref_no, s.day
    FROM stale AS s
    JOIN wanted AS w
        ON w.ref_no = s.ref_no AND w.day = s.day
        AND (s.first_start IS NULL OR (s.first_start <= w.first_start AND s.last_start >= w.last_start))
    WHERE s.kind = 'community' AND s.error IS NULL
    FOR SHARE OF s SKIP LOCKED
)
INSERT INTO stale (kind, ref_no, day, first_start, last_start)
SELECT 'community', w.ref_no, w.day, w.first_start, w.last_start
FROM wanted AS w
WHERE NOT EXISTS (SELECT FROM waiting AS x WHERE x.ref_no = w.ref_no AND x.day = w.day)
ORDER BY w.day, w.ref_no
