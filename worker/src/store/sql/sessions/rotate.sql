-- The next refresh token, unless another was faster or it has ended meanwhile.
UPDATE sessions SET generation = ?3, doc = ?4
WHERE tenant_id = ?1 AND id = ?2 AND generation = ?3 - 1 AND doc ->> 'ended' IS NULL
RETURNING '' AS doc
