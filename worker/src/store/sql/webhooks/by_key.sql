-- What request ?2 has made: its fingerprint, and the endpoint as `store/webhooks.rs` reads it.
SELECT fingerprint || doc || char(10) || health AS doc FROM webhook_endpoints WHERE tenant_id = ?1 AND key = ?2
