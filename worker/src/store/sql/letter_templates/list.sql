-- The newest version of each template that is in force, without its blocks.
SELECT json_set(newest.template, '$.blocks', json('[]')) AS doc
FROM letter_templates AS newest
WHERE newest.tenant_id = ?1 AND newest.template ->> 'retired' = 0 AND NOT EXISTS (
  SELECT 1 FROM letter_templates AS later
  WHERE later.tenant_id = ?1 AND later.kind = newest.kind AND later.language = newest.language AND later.brand = newest.brand
    AND later.version > newest.version
)
ORDER BY newest.kind, newest.language, newest.brand
