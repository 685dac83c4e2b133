-- Whether any migration ever ran here.
SELECT to_regclass('migration') IS NOT NULL
