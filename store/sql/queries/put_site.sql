-- Add or alter a site.
INSERT INTO site (prefix, dialect, zone, name, roles)
VALUES (%(prefix)s, %(dialect)s, %(zone)s, %(name)s, %(roles)s::jsonb)
ON CONFLICT (prefix) DO UPDATE
SET dialect = excluded.dialect, zone = excluded.zone, name = excluded.name, roles = excluded.roles
