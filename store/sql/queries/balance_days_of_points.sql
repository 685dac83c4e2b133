-- Every day of the balances in which points may take part.
SELECT DISTINCT b.community_no, (b.start AT TIME ZONE 'UTC')::date
FROM point AS p
JOIN membership AS m ON m.point_no = p.no
JOIN balance AS b ON b.community_no = m.community_no
WHERE p.id = ANY (%(points)s)
