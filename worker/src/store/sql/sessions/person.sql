-- Whose session ?2 is, as they are now.
SELECT people.doc AS doc
FROM sessions CROSS JOIN people
WHERE sessions.tenant_id = ?1 AND sessions.id = ?2 AND people.tenant_id = ?1 AND people.id = sessions.person_id
