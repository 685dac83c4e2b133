-- All series.
SELECT no FROM series ORDER BY no
