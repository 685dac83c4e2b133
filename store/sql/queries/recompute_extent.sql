-- From when to when anything is known of points or of communities: readings, curves, and what was made of them.
WITH series_of AS MATERIALIZED (
    SELECT DISTINCT s.no
    FROM device_mapping AS m
    JOIN device AS d ON d.id = m.device
    JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel AND s.phase = ''
    WHERE m.point_no = ANY (%(points)s)
), known AS (
    SELECT
        (SELECT min(r.at) FROM reading AS r WHERE r.series_no = s.no) AS first_at,
        (SELECT max(r.at) FROM reading AS r WHERE r.series_no = s.no) AS last_at
    FROM series_of AS s
    UNION ALL
    SELECT
        (SELECT min(i.start) FROM interval AS i WHERE i.point_no = u.no),
        (SELECT max(i.start) FROM interval AS i WHERE i.point_no = u.no)
    FROM unnest(%(points)s::int[]) AS u (no)
    UNION ALL
    SELECT
        (SELECT min(c.start) FROM curve AS c WHERE c.point_no = u.no),
        (SELECT max(c.start) + '1 hour'::interval FROM curve AS c WHERE c.point_no = u.no)
    FROM unnest(%(points)s::int[]) AS u (no)
    UNION ALL
    SELECT
        (SELECT min(b.start) FROM balance AS b WHERE b.community_no = u.no),
        (SELECT max(b.start) FROM balance AS b WHERE b.community_no = u.no)
    FROM unnest(%(communities)s::int[]) AS u (no)
    UNION ALL
    SELECT
        (SELECT min(a.start) FROM allocation AS a WHERE a.community_no = u.no),
        (SELECT max(a.start) FROM allocation AS a WHERE a.community_no = u.no)
    FROM unnest(%(communities)s::int[]) AS u (no)
)
SELECT min(first_at) AS first_at, max(last_at) AS last_at FROM known
