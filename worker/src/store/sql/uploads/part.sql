-- Part ?3 is there, and the bucket calls it ?4.
UPDATE uploads SET doc = json_set(doc, '$.parts."' || CAST(?3 AS INTEGER) || '"', ?4)
WHERE tenant_id = ?1 AND attachment_id = ?2
RETURNING doc
