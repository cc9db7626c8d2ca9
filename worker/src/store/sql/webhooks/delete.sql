-- Its messages that were not sent are given up when it is next seen to.
UPDATE webhook_endpoints
SET deleted_at = CAST(?4 AS INTEGER), version = version + 1,
  change = (SELECT max(change) FROM webhook_endpoints WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND id = ?2 AND version = CAST(?3 AS INTEGER) AND deleted_at IS NULL
RETURNING '' AS doc
