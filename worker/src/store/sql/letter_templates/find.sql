-- The newest version of a template that is not newer than ?5.
SELECT template AS doc FROM letter_templates
WHERE tenant_id = ?1 AND kind = ?2 AND language = ?3 AND brand = ?4 AND version <= CAST(?5 AS INTEGER)
ORDER BY version DESC LIMIT 1
