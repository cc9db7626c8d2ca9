-- Fails while the tenant is held.
INSERT INTO outbox (id, tenant_id, message)
SELECT value ->> 0, ?1,
  CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN value ->> 1 END
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
