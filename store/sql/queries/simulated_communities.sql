-- The communities whose data are simulated.
SELECT id FROM community WHERE simulated ORDER BY id
