-- Only what was read before it was published counts as published.
UPDATE tenants SET unpublished = 0 WHERE id = ?1 AND directory_seq = ?2
RETURNING id
