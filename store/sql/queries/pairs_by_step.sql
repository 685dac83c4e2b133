-- What each member had of each producer, summed to a step, days, months and years by the local calendar, or over the
-- whole span, at most so many rows; settled where all steps with such a pair are. Who is gone stands under its number.
-- A local day begins at the first of two midnights, where the clocks go back at midnight as in the Azores.
WITH stepped AS (
    SELECT
        a.producer_no, a.point_no, a.allocated_wh, b.settled,
        CASE
            WHEN %(step)s::interval IS NULL THEN %(start)s::timestamptz
            WHEN %(calendar)s::text IS NULL THEN date_bin(%(step)s::interval, a.start, '1970-01-01 00:00:00+00')
            ELSE least(
                l.local_start AT TIME ZONE %(zone)s,
                (l.local_start - '1 hour'::interval) AT TIME ZONE %(zone)s + '1 hour'::interval
            )
        END AS start
    FROM allocation_pair AS a
    JOIN balance AS b
        ON b.community_no = %(community_no)s AND b.start = a.start AND b.start >= %(start)s AND b.start < %(end)s
    CROSS JOIN LATERAL (SELECT date_trunc(%(calendar)s::text, a.start AT TIME ZONE %(zone)s) AS local_start) AS l
    WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
)
SELECT
    s.start,
    coalesce(k.id, 'removed-' || s.producer_no) AS producer,
    coalesce(p.id, 'removed-' || s.point_no) AS point,
    sum(s.allocated_wh)::bigint AS allocated_wh,
    CASE WHEN bool_and(s.settled) THEN 'settled' ELSE 'provisional' END AS status
FROM stepped AS s
LEFT JOIN point AS k ON k.no = s.producer_no
LEFT JOIN point AS p ON p.no = s.point_no
GROUP BY s.start, s.producer_no, s.point_no, k.id, p.id
ORDER BY 1, 2, 3
LIMIT %(most)s
