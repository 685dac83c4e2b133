-- A value of the operator's file, and the one that it replaced.
INSERT INTO curve_file (digest, name, kind, points, kept, problems)
SELECT '\x20', 'curve.csv', 'enedis_load_curve', ARRAY[no], 1, 0 FROM point WHERE id = 'p1';
INSERT INTO curve
SELECT p.no, 'import', '2026-01-03Z', 30, 0, 250, 14, f.no FROM point AS p CROSS JOIN curve_file AS f WHERE p.id = 'p1';
INSERT INTO curve_revision
SELECT no, 'import', '2026-01-03Z', 30, 0, 240, '2026-01-04Z' FROM point WHERE id = 'p1';
INSERT INTO stale (kind, ref_no, day) SELECT 'curve', no, '2026-01-03' FROM point WHERE id = 'p1';
