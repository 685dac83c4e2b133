-- Keep the balances of communities as they are where points go whose intervals could not be computed again: before what
-- is kept of each point, as far as it took part.
UPDATE community AS c SET frozen_before = g.before
FROM (
    SELECT
        m.community_no,
        max(date_bin(
            '1 hour', least(m.valid_to, p.frozen_before) + '59 minutes 59.999999 seconds'::interval, '1970-01-01Z'
        )) AS before
    FROM point AS p
    JOIN membership AS m ON m.point_no = p.no AND m.valid_from < p.frozen_before
    WHERE p.id = ANY (%(points)s)
    GROUP BY m.community_no
) AS g
WHERE c.no = g.community_no AND coalesce(c.frozen_before, '-infinity') < g.before
