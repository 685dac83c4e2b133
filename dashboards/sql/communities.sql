-- Communities that the viewer may choose from. The id in the text keeps two communities of one name apart.
SELECT id AS __value, name || ' (' || id || ')' AS __text
FROM shown.community
ORDER BY name, id;
