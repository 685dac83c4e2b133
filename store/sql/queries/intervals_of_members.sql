-- The best interval of each flow of the members of a community: the operator's settled curve outranks the device's.
SELECT DISTINCT ON (i.point_no, i.flow, i.start)
    i.point_no, i.flow::text AS flow, i.start, i.energy_wh, i.quality, i.method
FROM interval AS i
WHERE
    i.point_no IN (SELECT point_no FROM membership WHERE community_no = %(community_no)s)
    AND i.start >= %(start)s AND i.start < %(end)s
ORDER BY i.point_no, i.flow, i.start, i.source DESC
