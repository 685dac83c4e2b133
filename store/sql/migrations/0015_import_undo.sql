-- An import can be undone: a value that was replaced remembers its quality and the file that said it, so that it can
-- come back. Of those that were replaced before this migration nobody knows it: these do not come back.
ALTER TABLE curve_revision
    ADD COLUMN old_quality smallint,
    ADD COLUMN old_file_no int REFERENCES curve_file ON DELETE SET NULL;
CREATE INDEX curve_revision_of_file ON curve_revision (old_file_no);

ALTER TABLE operator_index_revision
    ADD COLUMN old_quality smallint,
    ADD COLUMN old_file_no int REFERENCES curve_file ON DELETE SET NULL;
CREATE INDEX operator_index_revision_of_file ON operator_index_revision (old_file_no);
