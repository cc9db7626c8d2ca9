-- Versions of templates after number ?2; ?3 means nothing here.
SELECT nr || '' AS id, json_array(nr, kind, language, brand, version, template) AS message
FROM letter_templates
WHERE tenant_id = ?1 AND nr > ?2
ORDER BY nr
LIMIT ?4
