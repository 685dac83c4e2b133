-- What the chosen communities are: place, time zone, settlement step, and whether their data is simulated.
SELECT name, place, zone, step_min, simulated
FROM shown.community
WHERE id = ANY (ARRAY[$community]::text[])
ORDER BY name, id;
