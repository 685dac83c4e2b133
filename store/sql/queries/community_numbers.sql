-- The numbers of all communities.
SELECT no FROM community ORDER BY no
