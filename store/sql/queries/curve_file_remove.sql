-- Forget a file that was imported; what is left of its values goes with it.
DELETE FROM curve_file WHERE no = %(file_no)s
