-- Whose it is; with the summary if that complaint lies here and still has it.
SELECT r.complaint_id, r.claimed_by, r.claimed_at, c.summary
FROM external_references r
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = r.complaint_id AND c.external_reference = r.external_reference
WHERE r.tenant_id = ?1 AND r.external_reference = ?2
