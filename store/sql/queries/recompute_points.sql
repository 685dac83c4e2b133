-- The points that ever take part in a community, or all, and before when each is kept as it is.
SELECT p.no, p.id, p.frozen_before
FROM point AS p
WHERE
    %(community_no)s::int IS NULL
    OR p.no IN (SELECT point_no FROM membership WHERE community_no = %(community_no)s)
ORDER BY p.id
