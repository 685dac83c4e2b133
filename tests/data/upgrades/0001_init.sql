-- A row in every table of the first schema; readings over five weeks and intervals over seven months, with quarters at
-- the limits of chunks.
INSERT INTO community (id, name, place, zone, step_min) VALUES ('valley', 'Valley', 'Concarneau', 'Europe/Paris', 15);
INSERT INTO holder (id, kind, consent) VALUES ('smith', 'natural', true), ('town', 'public', false);
INSERT INTO point (id, holder_no, name, role, category, limit_w)
SELECT 'p' || g, 1 + g % 2, 'Point ' || g, 'prosumer', 'home', 9000 * g FROM generate_series(1, 3) AS g;
INSERT INTO device_mapping SELECT no, 'd' || no, '', 'grid', '2026-01-01Z', 'infinity' FROM point;
INSERT INTO membership SELECT 1, no, '2026-01-01Z', 'infinity' FROM point;
INSERT INTO sharing_key VALUES (1, '{"kind": "pro_rata"}', '2026-01-01Z', 'infinity');
INSERT INTO device (id, dialect, first_seen_at, last_seen_at)
SELECT 'd' || g, 'shelly', '2026-01-01Z', '2026-02-05Z' FROM generate_series(1, 3) AS g;
INSERT INTO series (device_no, quantity, first_positive_at) SELECT no, 'import_energy', '2026-01-01Z' FROM device;
INSERT INTO reading
SELECT s.no, g, s.no + extract(epoch FROM g) / 7e6
FROM series AS s, generate_series('2026-01-01Z', '2026-02-05Z', interval '3 hours') AS g;
INSERT INTO reading VALUES (1, '2026-01-07 23:59:59.999999Z', -0.1), (1, '0001-01-01Z', 'NaN'), (2, '2262-04-11Z', 1e300);
INSERT INTO reading_revision VALUES (1, '2026-01-01Z', 4, '2026-01-02Z');
INSERT INTO rejected_message VALUES ('\x00', 'home/meter', '\xff00', 'UTC', 'not JSON', 3, '2026-01-01Z', '2026-01-02Z');
INSERT INTO rejected_reading (device, quantity, phase, channel, tariff, at, value, reason)
VALUES ('d1', 'import_energy', '', '', '', '2026-01-01Z', -1, 'negative');
INSERT INTO stale (kind, ref_no, day, error) VALUES ('series', 1, '2026-01-05', 'no key');
INSERT INTO interval
SELECT p.no, f.flow, 'device', g, p.no * 100, 8, 'split'
FROM point AS p, (VALUES ('import'::flow), ('export')) AS f (flow),
    generate_series('2026-01-01Z', '2026-08-01Z', interval '12 hours') AS g;
INSERT INTO power_now VALUES (1, 'import', '2026-02-05Z', 230);
INSERT INTO allocation VALUES (1, 1, '2026-01-05Z', 100, NULL, 60, 50, 50, NULL);
INSERT INTO balance VALUES (1, '2026-01-05Z', 100, 50, 50, 50, 0, 5, 6, 8, false);
INSERT INTO release (dataset, version, released_at, digest) VALUES ('balance-by-month', 1, '2026-02-01Z', 'abc');
INSERT INTO release_file VALUES (1, 'balance-by-month.csv', 'text/csv', '\x2c', 'def');
INSERT INTO viewer VALUES ('graf_1', 1);
