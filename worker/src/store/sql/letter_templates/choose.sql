-- Of the templates for kind ?2 that are in force, the first in the list ?3 of [language, brand].
SELECT newest.template AS doc
FROM json_each(?3) AS wanted
CROSS JOIN letter_templates AS newest
WHERE newest.tenant_id = ?1 AND newest.nr = (
  SELECT nr FROM letter_templates
  WHERE tenant_id = ?1 AND kind = ?2 AND language = wanted.value ->> 0 AND brand = wanted.value ->> 1
  ORDER BY version DESC LIMIT 1
) AND newest.template ->> 'retired' = 0
LIMIT 1
