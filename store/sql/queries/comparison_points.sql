-- The points that ever take part in a community.
SELECT p.id, p.name, p.category, p.role, p.groups
FROM point AS p
WHERE p.no IN (SELECT point_no FROM membership WHERE community_no = %(community_no)s)
ORDER BY p.id
