-- The commands that let a login connect and read the views of schema shown, and nothing else.
SELECT format('GRANT CONNECT ON DATABASE %%I TO %%I', current_database(), %(role)s::text)
UNION ALL
SELECT format('GRANT USAGE ON SCHEMA shown TO %%I', %(role)s::text)
UNION ALL
SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA shown TO %%I', %(role)s::text)
