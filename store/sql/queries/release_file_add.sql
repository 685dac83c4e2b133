-- Keep a file of a release.
INSERT INTO release_file (release_no, name, media_type, content, sha256)
VALUES (%(release_no)s, %(name)s, %(media_type)s, %(content)s, %(sha256)s)
