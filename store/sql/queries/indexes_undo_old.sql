-- Remove the registers of a file that later files replaced: they shall not come back.
DELETE FROM operator_index_revision WHERE old_file_no = %(file_no)s
