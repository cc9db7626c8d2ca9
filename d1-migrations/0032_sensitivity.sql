-- Why not everybody may see a complaint: a JSON list of shared::identity::role::Clearance. It follows from what lists show, so whatever
-- writes that keeps it; most have none, and are not in the index.
ALTER TABLE complaints ADD COLUMN sensitivity TEXT GENERATED ALWAYS AS (summary ->> '$.sensitivity') VIRTUAL;
CREATE INDEX complaints_sensitive ON complaints (tenant_id, id, sensitivity) WHERE sensitivity IS NOT NULL;
