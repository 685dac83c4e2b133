-- The oldest interval; how many start before an instant, and about what they take, counted where asked.
SELECT
    (
        SELECT min(f.start)
        FROM point AS p
        CROSS JOIN LATERAL (SELECT i.start FROM interval AS i WHERE i.point_no = p.no ORDER BY i.start LIMIT 1) AS f
    ) AS oldest_at,
    count(*) FILTER (WHERE start < %(before)s::timestamptz) AS old,
    (
        pg_total_relation_size('interval')::numeric
        * count(*) FILTER (WHERE start < %(before)s::timestamptz) / greatest(count(*), 1)
    )::bigint AS bytes,
    0 AS beside
FROM interval
WHERE %(is_counted)s::boolean
