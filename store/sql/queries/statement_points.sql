-- The points that statements of a community name, with the category and the groups of each that is still there. Points
-- of public holders are a group of their own.
SELECT
    p.no,
    p.category,
    ARRAY(SELECT unnest(p.groups || CASE WHEN h.kind = 'public' THEN '{public}'::text[] ELSE '{}' END) AS name
          GROUP BY name ORDER BY name)
FROM point AS p
JOIN holder AS h ON h.no = p.holder_no
WHERE p.no IN (SELECT point_no FROM statement WHERE community_no = %(community_no)s)
