UPDATE tenants SET unpublished = 0 WHERE id = ?1 AND version = ?2
