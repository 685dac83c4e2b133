-- The roles of the points that ever take part in a community. Not a part of comparison_points.sql: the interface asks
-- this before it takes a comparison, and its login sees no holders.
SELECT p.id, p.role
FROM point AS p
WHERE p.no IN (SELECT point_no FROM membership WHERE community_no = %(community_no)s)
ORDER BY p.id
