-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO notification_settings (tenant_id, subject, version, doc, change)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 3 END
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, subject) DO UPDATE
SET version = excluded.version, doc = excluded.doc, change = excluded.change
WHERE notification_settings.tenant_id = ?1
