-- Unless the tenant would keep more than ?5 bytes then.
INSERT INTO stored_files (tenant_id, attachment_id, complaint_id, bytes, look_at)
SELECT ?1, ?2, ?3, ?4, ?6
WHERE coalesce((SELECT bytes FROM storage_used WHERE tenant_id = ?1), 0) + ?4 <= ?5
RETURNING attachment_id AS doc
