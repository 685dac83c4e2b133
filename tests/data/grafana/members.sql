-- The four flows of `mountain`, awaited from some days before the month on, of which operator and device say 2,688
-- quarter-hours of 2,976; a meter of hers, and one of somebody else's, counts wrong, and one has less than nine tenths.
INSERT INTO holder (id, kind) VALUES ('h', 'natural');
INSERT INTO point (id, holder_no, name, role, category) VALUES
    ('m1', 1, 'M', 'consumer', 'home'), ('m2', 1, 'M', 'prosumer', 'home'), ('m3', 1, 'M', 'producer', 'solar'),
    ('x1', 1, 'X', 'consumer', 'home');
INSERT INTO membership
SELECT c.no, p.no, '2024-12-20Z', '9999-12-30Z' FROM community AS c, point AS p
WHERE (c.id, left(p.id, 1)) IN (('mountain', 'm'), ('hidden', 'x'));
INSERT INTO interval
SELECT p.no, f.flow::flow, s.source::source, start, s.energy_wh, 0, 'test'
FROM (VALUES ('m1', 'import'), ('m2', 'import'), ('m2', 'export'), ('x1', 'import')) AS f (point, flow)
JOIN point AS p ON p.id = f.point
CROSS JOIN (VALUES ('device', 105), ('operator', 100)) AS s (source, energy_wh)
CROSS JOIN generate_series('2024-12-31 23:00Z'::timestamptz, '2025-01-31 22:45Z', '15 min') AS start;
UPDATE interval SET energy_wh = 80 WHERE point_no = 2 AND flow = 'import' AND source = 'device';
DELETE FROM interval WHERE start >= '2025-01-30 23:00Z' AND source = 'device';
DELETE FROM interval WHERE start < '2025-01-02 23:00Z' AND source = 'operator';
DELETE FROM interval WHERE point_no = 2 AND flow = 'export' AND source = 'device' AND start >= '2025-01-30 20:30Z';
DELETE FROM interval WHERE point_no = 1 AND source = 'operator' AND start >= '2025-01-15 08:00Z' AND start < '2025-01-15 08:30Z';
-- The month of one of them, as the hub has it and as the operator has it.
INSERT INTO curve_file (digest, name, kind, points, kept, problems) VALUES ('', 'results', 'settlement', '{1}', 1, 0);
INSERT INTO operator_result (community_no, point_no, flow, result, month_start, month_end, energy_wh, rounding_wh, file_no)
SELECT c.no, p.no, 'import', 'cons', '2024-12-31 23:00Z', '2025-01-31 23:00Z', 290000, 1, f.no
FROM community AS c, point AS p, curve_file AS f
WHERE c.id = 'mountain' AND p.id = 'm1';
INSERT INTO allocation (community_no, point_no, start, import_wh, share_wh, allocated_wh, residual_wh, quality)
SELECT c.no, p.no, start, 100, 30, 30, 70, 0
FROM community AS c, point AS p
CROSS JOIN generate_series('2024-12-31 23:00Z'::timestamptz, '2025-01-31 22:45Z', '15 min') AS start
WHERE c.id = 'mountain' AND p.id = 'm1';
-- What it was worth to one of them and to one of somebody else's, and how evenly it was shared.
INSERT INTO statement (community_no, month, point_no, import_wh, allocated_wh, sold_wh, surplus_wh, saving_eur, revenue_eur, local_value_eur, retail_value_eur, present, expected)
SELECT c.no, '2025-01-01', p.no, 290000, 100000, 1000, 0, 7.123456, 0.12, 12, 19.52, 2900, 2976
FROM community AS c, point AS p
WHERE (c.id, p.id) IN (('mountain', 'm2'), ('hidden', 'x1'));
INSERT INTO equity
SELECT c.no, 'month', '2025-01', '2025-01-01', '2025-01-01', 'all', '', 3, 870000, 300000, 21, 0.9, 0.1, 0.5, 0.2, 0.95, 1
FROM community AS c
WHERE c.id IN ('mountain', 'hidden');
