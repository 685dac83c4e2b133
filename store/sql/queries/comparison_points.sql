-- The points that ever take part in a community. Points of public holders are a group of their own.
SELECT
    p.id,
    p.name,
    p.category,
    p.role,
    ARRAY(SELECT unnest(p.groups || CASE WHEN h.kind = 'public' THEN '{public}'::text[] ELSE '{}' END) AS name
          GROUP BY name ORDER BY name) AS groups
FROM point AS p
JOIN holder AS h ON h.no = p.holder_no
WHERE p.no IN (SELECT point_no FROM membership WHERE community_no = %(community_no)s)
ORDER BY p.id
