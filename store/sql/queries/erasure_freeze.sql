-- Keep what the communities of some points settled while these took part, and no later than an hour, as it is: the
-- intervals that it was made of are going to vanish.
UPDATE community AS c SET frozen_before = g.before
FROM (
    SELECT
        community_no,
        max(date_bin(
            '1 hour', least(valid_to, %(before)s) + '59 minutes 59.999999 seconds'::interval, '1970-01-01Z'
        )) AS before
    FROM membership
    WHERE point_no = ANY (%(points)s) AND valid_from < %(before)s
    GROUP BY community_no
) AS g
WHERE c.no = g.community_no AND coalesce(c.frozen_before, '-infinity') < g.before
