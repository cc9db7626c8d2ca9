DELETE FROM uploads
WHERE tenant_id = ?1 AND attachment_id = ?2 AND doc ->> '$.completing' IS NULL
RETURNING attachment_id AS doc
