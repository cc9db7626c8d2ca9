-- An endpoint that is not to be sent anything any more: ?3 says why, ?4 when.
UPDATE webhook_endpoints
SET doc = json_set(
    doc, '$.state', 'disabled', '$.disabled', ?3, '$.updated_at', ?4, '$.version', version + 1
  ),
  version = version + 1
WHERE tenant_id = ?1 AND id = ?2 AND doc ->> 'state' = 'enabled'
