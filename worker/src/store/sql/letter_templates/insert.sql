-- Fails if there is such a version, or the tenant has ?7 of all templates.
INSERT INTO letter_templates (tenant_id, nr, kind, language, brand, version, template)
SELECT ?1, CASE WHEN coalesce(max(nr), 0) < CAST(?7 AS INTEGER) THEN coalesce(max(nr), 0) + 1 END,
  ?2, ?3, ?4, CAST(?5 AS INTEGER), ?6
FROM letter_templates WHERE tenant_id = ?1
