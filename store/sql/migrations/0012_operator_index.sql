-- What the distribution operator's files say of the registers of meters (index): the energy between two of them is
-- compared with the operator's curve and with the device.

-- A register of a flow of a point at an instant. Tariff: '' is the total; D1.. are those of the distributor's grid and
-- F1.. of the supplier's, which together are the total. Nature: as that of a curve.
CREATE TABLE operator_index (
    point_no    int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow        flow NOT NULL,
    tariff      text NOT NULL CHECK (tariff ~ '^([DF]([1-9]|10))?$'),
    at          timestamptz NOT NULL,
    nature      smallint NOT NULL CHECK (nature BETWEEN 0 AND 2),
    register_wh bigint NOT NULL CHECK (register_wh >= 0),
    quality     smallint NOT NULL,
    file_no     int NOT NULL REFERENCES curve_file ON DELETE CASCADE,
    PRIMARY KEY (point_no, at, flow, tariff, nature)
);
CREATE INDEX operator_index_at ON operator_index (at);
CREATE INDEX operator_index_of_file ON operator_index (file_no);

-- The register that a later file replaced.
CREATE TABLE operator_index_revision (
    point_no        int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow            flow NOT NULL,
    tariff          text NOT NULL,
    at              timestamptz NOT NULL,
    nature          smallint NOT NULL,
    old_register_wh bigint NOT NULL,
    revised_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operator_index_revision_point ON operator_index_revision (point_no, at);
CREATE INDEX operator_index_revision_at ON operator_index_revision (at);
