-- A register of the operator's file, and the one that it replaced.
INSERT INTO operator_index
SELECT p.no, 'import', 'D2', '2026-01-03Z', 0, 24482581, 14, f.no
FROM point AS p CROSS JOIN curve_file AS f WHERE p.id = 'p1' ORDER BY f.no LIMIT 1;
INSERT INTO operator_index_revision
SELECT no, 'import', 'D2', '2026-01-03Z', 0, 24482580, '2026-01-04Z' FROM point WHERE id = 'p1';
