-- A point with a part in its community, a step shared by a rule that is known, and whose production it was.
UPDATE membership SET participation_percent = 60;
INSERT INTO allocation_pair SELECT c.no, '2026-01-03Z', p.no, p.no, 100 FROM community AS c CROSS JOIN point AS p;
INSERT INTO allocation_pair_revision
SELECT c.no, '2026-01-03Z', 2, p.no, p.no, 90 FROM community AS c CROSS JOIN point AS p;
INSERT INTO key_version (community_no, rule) SELECT no, '{"type": "prorata"}' FROM community;
