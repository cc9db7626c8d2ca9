-- The version, the sealed secret and the settings.
SELECT version || ' ' || secret || ' ' || doc AS doc FROM sign_in WHERE tenant_id = ?1
