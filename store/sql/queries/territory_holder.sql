-- The holders.
SELECT id, kind, consent FROM holder ORDER BY no
