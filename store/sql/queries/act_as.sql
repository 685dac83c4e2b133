-- Act as another role until the open transaction ends; 'none' is the login itself.
SELECT set_config('role', %(role)s, true)
