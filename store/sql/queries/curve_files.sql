-- The files that were imported, the oldest first: number, when, name, format, values that were kept of it, its points.
SELECT
    f.no, f.imported_at, f.name, f.kind, f.kept,
    ARRAY(SELECT p.id FROM point AS p WHERE p.no = ANY (f.points) ORDER BY p.id) AS points
FROM curve_file AS f
ORDER BY f.imported_at, f.no
