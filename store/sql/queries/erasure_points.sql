-- The points of a holder, and the communities that they are, were or will be in.
SELECT
    p.no, p.id,
    ARRAY(
        SELECT DISTINCT c.id FROM membership AS m JOIN community AS c ON c.no = m.community_no WHERE m.point_no = p.no
    ) AS communities
FROM holder AS h
JOIN point AS p ON p.holder_no = h.no
WHERE h.id = %(holder)s
ORDER BY p.id
