INSERT INTO external_references (tenant_id, external_reference, complaint_id, claimed_by, claimed_at)
VALUES (?1, ?2, ?3, ?4, ?5)
