-- An endpoint as `store/webhooks.rs` reads it, and what request ?3 has come to, if it is known.
SELECT doc || char(10) || health || char(10)
  || coalesce((SELECT json(value) FROM json_each(requests) WHERE value ->> 0 = ?3), '') AS doc
FROM webhook_endpoints WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL
