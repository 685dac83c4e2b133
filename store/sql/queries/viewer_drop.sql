-- The command that ends a login; none where this server has no such login.
SELECT format('DROP ROLE %%I', rolname) FROM pg_roles WHERE rolname = %(role)s
