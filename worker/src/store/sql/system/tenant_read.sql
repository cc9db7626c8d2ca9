SELECT t.doc, t.directory_seq, r.doc AS relocation
FROM tenants t
LEFT JOIN relocations r ON r.tenant_id = t.id
WHERE t.id = ?1
