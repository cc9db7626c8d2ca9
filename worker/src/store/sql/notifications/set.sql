-- The next version of what is set about subject ?2, unless it is not the one after ?3 (empty: whatever it is).
INSERT INTO notification_settings (tenant_id, subject, version, doc, change)
SELECT ?1, ?2, 1, ?4, coalesce((SELECT max(change) FROM notification_settings WHERE tenant_id = ?1), 0) + 1
WHERE ?3 IN ('', '0') OR EXISTS (SELECT 1 FROM notification_settings WHERE tenant_id = ?1 AND subject = ?2)
ON CONFLICT (tenant_id, subject) DO UPDATE
SET version = notification_settings.version + 1, doc = excluded.doc, change = excluded.change
WHERE notification_settings.tenant_id = ?1 AND (?3 = '' OR notification_settings.version = CAST(?3 AS INTEGER))
RETURNING version || '' AS doc
