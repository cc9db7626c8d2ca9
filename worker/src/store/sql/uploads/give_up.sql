DELETE FROM uploads
WHERE tenant_id = ?1 AND attachment_id = ?2 AND coalesce(doc ->> '$.completing', 0) = 0
RETURNING attachment_id AS doc
