-- What was dropped after its time of keeping, and an erasure.
UPDATE point SET frozen_before = '2026-01-02Z' WHERE id = 'p1';
UPDATE community SET frozen_before = '2026-01-02Z';
INSERT INTO erasure (points, devices, readings, intervals, allocations, messages) VALUES (1, 1, 9, 8, 7, 6);
