SELECT t.doc, t.directory_seq, r.doc ->> '$.leaving.stage' AS stage
FROM tenants t
LEFT JOIN relocations r ON r.tenant_id = t.id
WHERE t.id = ?1
