-- Whose account ?3 at provider ?2 is.
SELECT people.doc AS doc
FROM person_accounts CROSS JOIN people
WHERE person_accounts.tenant_id = ?1 AND person_accounts.issuer = ?2 AND person_accounts.subject = ?3
  AND people.tenant_id = ?1 AND people.id = person_accounts.person_id
