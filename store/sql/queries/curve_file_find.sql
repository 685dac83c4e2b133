-- Number and name of an imported file, by its number or by the digest of its bytes.
SELECT no, name FROM curve_file WHERE no = %(no)s::int OR digest = %(digest)s::bytea
