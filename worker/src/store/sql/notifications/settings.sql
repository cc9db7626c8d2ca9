-- What was set about subject ?2: its version, a space, the document.
SELECT version || ' ' || doc AS doc FROM notification_settings WHERE tenant_id = ?1 AND subject = ?2
