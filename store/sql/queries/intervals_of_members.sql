-- The intervals of each flow of the members of a community, of all sources: most have one, and sorting them by it here
-- takes longer than reading them. Point by point in their order: neighbours lie in the same pages.
SELECT
    i.point_no, i.flow::text AS flow, i.start, i.energy_wh, i.quality, i.method, i.source = 'operator' AS is_operators
FROM (SELECT DISTINCT point_no FROM membership WHERE community_no = %(community_no)s ORDER BY point_no) AS m
CROSS JOIN LATERAL (
    SELECT * FROM interval AS i
    WHERE i.point_no = m.point_no AND i.start >= %(start)s AND i.start < %(end)s
    OFFSET 0
) AS i
