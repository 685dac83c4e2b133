-- Whether a role of that name exists.
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s)
