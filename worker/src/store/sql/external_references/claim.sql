-- Takes what is free or is this complaint's already; fails while the tenant is held.
INSERT INTO external_references (tenant_id, external_reference, complaint_id, claimed_by, claimed_at)
VALUES (?1, ?2, CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN ?3 END, ?4, ?5)
ON CONFLICT (tenant_id, external_reference) DO UPDATE
SET claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at
WHERE complaint_id = excluded.complaint_id
