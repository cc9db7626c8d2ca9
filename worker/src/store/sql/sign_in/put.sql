-- Version ?2, if the one before it is there.
INSERT INTO sign_in (tenant_id, change, version, doc, secret)
SELECT ?1, 1, ?2, ?3, ?4 WHERE ?2 = 1 OR EXISTS (SELECT 1 FROM sign_in WHERE tenant_id = ?1)
ON CONFLICT (tenant_id) DO UPDATE
SET change = change + 1, version = excluded.version, doc = excluded.doc, secret = excluded.secret
WHERE sign_in.tenant_id = ?1 AND sign_in.version = ?2 - 1
RETURNING '' AS doc
