-- A result of the operator, and the one that it replaced.
INSERT INTO operator_result
SELECT c.no, p.no, 'import', 'cons', '2025-12-31 23:00Z', '2026-01-31 23:00Z', 7000, 1000, f.no
FROM community AS c CROSS JOIN point AS p CROSS JOIN curve_file AS f WHERE p.id = 'p1' ORDER BY f.no LIMIT 1;
INSERT INTO operator_result_revision
SELECT c.no, p.no, 'import', 'cons', '2025-12-31 23:00Z', 6000, 1000, f.no, '2026-02-10Z'
FROM community AS c CROSS JOIN point AS p CROSS JOIN curve_file AS f WHERE p.id = 'p1' ORDER BY f.no LIMIT 1;
