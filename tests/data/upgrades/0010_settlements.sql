-- A settled month that was corrected, and the step that the correction changed.
INSERT INTO settlement (community_no, month_start, month_end, version, reason, made_at)
SELECT c.no, '2025-12-31 23:00Z', '2026-01-31 23:00Z', v.version, v.reason, '2026-02-16Z'
FROM community AS c CROSS JOIN (VALUES (1, 'first'), (2, 'regularisation')) AS v (version, reason);
INSERT INTO balance_revision
SELECT no, '2026-01-03Z', 2, 250, 100, 100, 150, 0, 2, 2, 0, true FROM community;
INSERT INTO allocation_revision
SELECT c.no, '2026-01-03Z', 2, p.no, 250, NULL, 100, 100, 150, NULL, 9
FROM community AS c CROSS JOIN point AS p WHERE p.id = 'p1';
