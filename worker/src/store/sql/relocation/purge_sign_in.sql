-- One row at most; ?2 means nothing here but that it is bound.
DELETE FROM sign_in
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND ?2 > 0
RETURNING 1 AS gone
