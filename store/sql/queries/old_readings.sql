-- The oldest reading; how many readings come before an instant, and about what they take, counted where asked; and how
-- many revisions, and values of the operator's curves and registers with theirs.
SELECT
    (
        SELECT min(f.at)
        FROM series AS s
        CROSS JOIN LATERAL (SELECT r.at FROM reading AS r WHERE r.series_no = s.no ORDER BY r.at LIMIT 1) AS f
    ) AS oldest_at,
    count(*) FILTER (WHERE at < %(before)s::timestamptz) AS old,
    (
        pg_total_relation_size('reading')::numeric
        * count(*) FILTER (WHERE at < %(before)s::timestamptz) / greatest(count(*), 1)
    )::bigint AS bytes,
    (SELECT count(*) FROM reading_revision WHERE at < %(before)s::timestamptz)
    + (SELECT count(*) FROM curve WHERE start < %(before)s::timestamptz)
    + (SELECT count(*) FROM curve_revision WHERE start < %(before)s::timestamptz)
    + (SELECT count(*) FROM operator_index WHERE at < %(before)s::timestamptz)
    + (SELECT count(*) FROM operator_index_revision WHERE at < %(before)s::timestamptz) AS beside
FROM reading
WHERE %(is_counted)s::boolean
