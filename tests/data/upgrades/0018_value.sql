-- A tariff, a group, and what was made of them in a month; another month waits.
INSERT INTO tariff SELECT no, '{"retail_eur_per_kwh": "0.25", "local_eur_per_kwh": "0.1"}', '2026-01-01Z', '2027-01-01Z'
FROM community;
UPDATE point SET groups = '{tenants}' WHERE id = 'p1';
INSERT INTO statement
SELECT c.no, '2026-01-01', p.no, 250, 100, NULL, NULL, 0.015, NULL, 0.01, 0.025, 4, 2976
FROM community AS c CROSS JOIN point AS p WHERE p.id = 'p1';
INSERT INTO equity
SELECT no, 'month', '2026-01', '2026-01-01', '2026-01-01', 'all', '', 1, 250, 100, 0.015, 1, 0, 1, 0, 1, 1 FROM community;
INSERT INTO statement_due (community_no, month, due_at) SELECT no, '2026-02-01', '2026-03-01Z' FROM community;
