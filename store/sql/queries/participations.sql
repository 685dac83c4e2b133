-- Which part of its points' energy a community has, where that is not all of it: from when to when, and between which
-- hundredths. The communities of a point divide it in order of their ids, each from where the one before ends.
WITH mine AS (
    SELECT point_no, valid_from, valid_to, participation_percent
    FROM membership
    WHERE community_no = %(community_no)s AND participation_percent < 100
), before AS (
    SELECT o.point_no, o.valid_from, o.valid_to, o.participation_percent
    FROM membership AS o
    JOIN community AS c ON c.no = o.community_no
    WHERE o.point_no IN (SELECT point_no FROM mine)
        AND c.id COLLATE "C" < (SELECT id FROM community WHERE no = %(community_no)s) COLLATE "C"
), change AS (
    SELECT m.point_no, m.participation_percent, m.valid_to AS ends_at, c.at
    FROM mine AS m
    CROSS JOIN LATERAL (
        SELECT m.valid_from AS at
        UNION
        SELECT e.at
        FROM before AS o
        CROSS JOIN LATERAL (VALUES (o.valid_from), (o.valid_to)) AS e (at)
        WHERE o.point_no = m.point_no AND e.at > m.valid_from AND e.at < m.valid_to
    ) AS c
), stretch AS (
    SELECT
        point_no, participation_percent, at AS valid_from,
        lead(at, 1, ends_at) OVER (PARTITION BY point_no, ends_at ORDER BY at) AS valid_to
    FROM change
)
SELECT
    s.point_no,
    greatest(s.valid_from, '1900-01-01') AS valid_from,
    least(s.valid_to, '2200-01-01') AS valid_to,
    b.below AS from_percent,
    b.below + s.participation_percent AS to_percent
FROM stretch AS s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(o.participation_percent), 0)::int AS below
    FROM before AS o
    WHERE o.point_no = s.point_no AND o.valid_from <= s.valid_from AND o.valid_to > s.valid_from
) AS b
ORDER BY s.point_no, s.valid_from
