-- The commands that take from a login what a viewer may do; none where this server has no such login.
SELECT format(command, r.rolname, current_database())
FROM pg_roles AS r, unnest(ARRAY[
    'REVOKE ALL ON ALL TABLES IN SCHEMA shown FROM %%1$I',
    'REVOKE ALL ON SCHEMA shown FROM %%1$I',
    'REVOKE ALL ON DATABASE %%2$I FROM %%1$I'
]) AS command
WHERE r.rolname = %(role)s
