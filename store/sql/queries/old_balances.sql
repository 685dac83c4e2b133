-- The oldest balance; how many balances, allocations and their pairs start before an instant, those of old versions of
-- settled months, the operator's results and those that they replaced too, and about what they take.
SELECT
    least(
        (SELECT min(start) FROM balance),
        (
            SELECT min(f.start)
            FROM community AS c
            CROSS JOIN LATERAL (
                SELECT a.start FROM allocation AS a WHERE a.community_no = c.no ORDER BY a.start LIMIT 1
            ) AS f
        )
    ) AS oldest_at,
    sum(old)::bigint AS old,
    sum(size * old / greatest(total, 1))::bigint AS bytes,
    0 AS beside
FROM (
    SELECT
        pg_total_relation_size('balance')::numeric AS size,
        count(*) FILTER (WHERE start < %(before)s::timestamptz) AS old, count(*) AS total
    FROM balance
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('allocation'), count(*) FILTER (WHERE start < %(before)s::timestamptz), count(*)
    FROM allocation
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('allocation_pair'), count(*) FILTER (WHERE start < %(before)s::timestamptz), count(*)
    FROM allocation_pair
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('allocation_pair_revision'),
        count(*) FILTER (WHERE start < %(before)s::timestamptz), count(*)
    FROM allocation_pair_revision
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('balance_revision'), count(*) FILTER (WHERE start < %(before)s::timestamptz), count(*)
    FROM balance_revision
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('allocation_revision'), count(*) FILTER (WHERE start < %(before)s::timestamptz), count(*)
    FROM allocation_revision
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('operator_result'), count(*) FILTER (WHERE month_start < %(before)s::timestamptz),
        count(*)
    FROM operator_result
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('operator_result_revision'),
        count(*) FILTER (WHERE month_start < %(before)s::timestamptz), count(*)
    FROM operator_result_revision
    WHERE %(is_counted)s::boolean
) AS all_tables
