-- The longest unheard of what was refused; how many go, for they were not heard since an instant or are beyond a size
-- (as rejected_message_trim.sql and rejected_reading_trim.sql have it), and about what they take.
WITH message AS (
    SELECT
        last_at,
        sum(octet_length(payload) + octet_length(topic) + octet_length(reason) + 100)
            OVER (ORDER BY last_at DESC, digest) AS bytes
    FROM rejected_message
), reading_aside AS (
    SELECT
        heard_at,
        sum(octet_length(device) + octet_length(channel) + octet_length(reason) + 150) OVER (
            ORDER BY heard_at DESC, device, quantity, phase, channel, tariff, at, value
            ROWS UNBOUNDED PRECEDING
        ) AS bytes
    FROM rejected_reading
)
SELECT
    least((SELECT min(last_at) FROM rejected_message), (SELECT min(heard_at) FROM rejected_reading)) AS oldest_at,
    sum(old)::bigint AS old,
    sum(size * old / greatest(total, 1))::bigint AS bytes,
    0 AS beside
FROM (
    SELECT
        pg_total_relation_size('rejected_message')::numeric AS size,
        count(*) FILTER (WHERE last_at < %(before)s::timestamptz OR bytes > %(size)s) AS old, count(*) AS total
    FROM message
    WHERE %(is_counted)s::boolean
    UNION ALL
    SELECT
        pg_total_relation_size('rejected_reading'),
        count(*) FILTER (WHERE heard_at < %(before)s::timestamptz OR bytes > %(size)s), count(*)
    FROM reading_aside
    WHERE %(is_counted)s::boolean
) AS both_tables
