-- Give a role the views of schema shown.
SELECT grant_viewer(%(role)s)
