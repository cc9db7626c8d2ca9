UPDATE complaints
SET external_reference = ?3, received_at = ?4, version = ?5, doc = ?6, summary = ?7
WHERE tenant_id = ?1 AND id = ?2
