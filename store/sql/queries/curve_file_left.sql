-- Values of a file that its staged rows do not give, by point and flow: it was read otherwise when they came.
SELECT p.id, c.flow::text, count(*)
FROM curve AS c
JOIN point AS p ON p.no = c.point_no
WHERE
    c.file_no = %(file_no)s
    AND NOT EXISTS (
        SELECT FROM curve_incoming AS i
        WHERE (i.point_no, i.start, i.flow, i.step_min, i.nature) = (c.point_no, c.start, c.flow, c.step_min, c.nature)
    )
GROUP BY 1, 2
ORDER BY 1, 2
