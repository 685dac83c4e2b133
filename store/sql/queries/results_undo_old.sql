-- Remove the operator's results of a file that later files replaced: they shall not come back.
DELETE FROM operator_result_revision WHERE old_file_no = %(file_no)s
