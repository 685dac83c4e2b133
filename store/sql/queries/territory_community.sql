-- The communities.
SELECT id, name, place, zone, step_min, simulated FROM community ORDER BY no
