-- The site map: who publishes below which topic, by which clock, and what names measure.
SELECT prefix, dialect, zone, name, roles FROM site ORDER BY prefix
