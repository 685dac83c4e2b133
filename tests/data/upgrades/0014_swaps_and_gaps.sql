-- A meter that was replaced, and a gap of its register.
INSERT INTO meter_swap (point_no, flow, at, old_wh, new_wh)
SELECT no, 'import', '2026-01-03T10:00Z', 123456, 7 FROM point WHERE id = 'p1';
INSERT INTO gap (point_no, flow, series_no, start, "end")
SELECT p.no, 'import', s.no, '2026-01-03T11:00Z', '2026-01-03T17:00Z'
FROM point AS p CROSS JOIN (SELECT min(no) AS no FROM series) AS s WHERE p.id = 'p1';
