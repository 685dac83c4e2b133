-- A check of everything, and one that has not ended.
INSERT INTO recomputation (started_at, ended_at, compared, differing, waiting)
VALUES ('2026-01-04Z', '2026-01-04 00:10Z', 1000, 2, 1);
INSERT INTO recomputation (started_at, done_before) VALUES ('2026-01-05Z', '2026-01-03');
