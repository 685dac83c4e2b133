-- When each local month with a balance ends.
SELECT DISTINCT
    c.id AS community,
    to_char(date_trunc('month', b.start AT TIME ZONE c.zone), 'YYYY-MM') AS month,
    (date_trunc('month', b.start AT TIME ZONE c.zone) + '1 month'::interval) AT TIME ZONE c.zone AS "end"
FROM balance AS b
JOIN community AS c ON c.no = b.community_no
