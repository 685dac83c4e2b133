-- Remove a site; messages below its prefix are read as anywhere else.
DELETE FROM site WHERE prefix = %(prefix)s
