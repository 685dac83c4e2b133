-- Values of the operator's curves of a point that reach into a stretch of time, each with the file that said it.
SELECT c.point_no, c.flow::text AS flow, c.start, c.step_min, c.nature, c.mean_w, c.quality, f.name AS file
FROM curve AS c
JOIN curve_file AS f ON f.no = c.file_no
WHERE c.point_no = %(point_no)s AND c.start > %(start)s::timestamptz - '1 hour'::interval AND c.start < %(end)s
