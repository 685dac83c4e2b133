-- A login sees no community any more.
DELETE FROM viewer WHERE role_name = %(role)s
