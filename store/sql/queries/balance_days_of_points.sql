-- Every day of the balances in which points may take part.
SELECT DISTINCT b.community_no, (b.start AT TIME ZONE 'UTC')::date
FROM balance AS b
WHERE b.community_no IN (
    SELECT m.community_no
    FROM membership AS m
    JOIN point AS p ON p.no = m.point_no
    WHERE p.id = ANY (%(points)s)
)
