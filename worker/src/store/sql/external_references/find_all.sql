-- Whose these are (a JSON list); with the summary if that complaint lies here and still has it.
SELECT r.external_reference, r.complaint_id, c.summary
FROM external_references r
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = r.complaint_id AND c.external_reference = r.external_reference
WHERE r.tenant_id = ?1 AND r.external_reference IN (SELECT value FROM json_each(?2))
