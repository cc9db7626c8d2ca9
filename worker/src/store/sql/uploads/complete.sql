-- From now on nobody may give it up.
UPDATE uploads SET doc = json_set(doc, '$.completing', json('true'))
WHERE tenant_id = ?1 AND attachment_id = ?2
RETURNING doc
