-- Takes what nobody has, unless another was first: ?6 claimed it at ?7. Fails while the tenant is held.
UPDATE external_references
SET complaint_id = CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN ?3 END,
  claimed_by = ?4, claimed_at = ?5
WHERE tenant_id = ?1 AND external_reference = ?2 AND claimed_by = ?6 AND claimed_at = ?7
RETURNING complaint_id
