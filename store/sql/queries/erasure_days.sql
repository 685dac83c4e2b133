-- The days from an hour on of the communities in which some points take part then.
WITH going AS (
    SELECT DISTINCT community_no AS no FROM membership WHERE point_no = ANY (%(points)s) AND valid_to > %(before)s
)
SELECT g.no, (b.start AT TIME ZONE 'UTC')::date
FROM going AS g
JOIN balance AS b ON b.community_no = g.no AND b.start >= %(before)s
UNION
SELECT no, (%(before)s::timestamptz AT TIME ZONE 'UTC')::date FROM going
