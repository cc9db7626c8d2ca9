-- What is left of a tenant that is held goes with it to its next home, or comes again once it is let go.
SELECT message, id FROM outbox
WHERE id > ?1 AND id < ?2 AND NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = outbox.tenant_id)
ORDER BY id LIMIT ?3
