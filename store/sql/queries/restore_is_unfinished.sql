-- Whether the database says that what a restore brought is not whole.
SELECT to_regnamespace('unfinished_restore') IS NOT NULL
