-- Grants what a viewer needs: the views of schema shown. GRANT takes no parameters, hence a function.
CREATE FUNCTION grant_viewer(role_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA shown TO %I', role_name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA shown TO %I', role_name);
END
$$;
REVOKE EXECUTE ON FUNCTION grant_viewer(text) FROM PUBLIC;
