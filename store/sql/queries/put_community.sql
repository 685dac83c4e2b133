-- Add or alter a community.
INSERT INTO community (id, name, place, zone, step_min, simulated)
VALUES (%(id)s, %(name)s, %(place)s, %(zone)s, %(step_min)s, %(simulated)s)
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, place = excluded.place, zone = excluded.zone, step_min = excluded.step_min,
    simulated = excluded.simulated
