UPDATE tenants
SET slug = ?2, version = ?3, doc = ?4, directory_seq = directory_seq + 1, unpublished = 1
WHERE id = ?1 AND version = ?3 - 1
RETURNING id
