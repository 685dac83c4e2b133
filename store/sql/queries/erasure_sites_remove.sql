-- Remove sites.
DELETE FROM site WHERE prefix = ANY (%(prefixes)s)
