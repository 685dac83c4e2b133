-- Remove a holder whose points are gone.
DELETE FROM holder WHERE id = %(id)s
