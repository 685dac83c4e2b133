-- Remove the values of a file that later files replaced: they shall not come back.
DELETE FROM curve_revision WHERE old_file_no = %(file_no)s
