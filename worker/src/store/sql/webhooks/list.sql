-- Endpoints as `store/webhooks.rs` reads them.
SELECT doc || char(10) || health AS doc FROM webhook_endpoints WHERE tenant_id = ?1 AND deleted_at IS NULL ORDER BY id
