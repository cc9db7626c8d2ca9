-- Who is in team ?2: id, a space and the name.
SELECT people.id || ' ' || (people.doc ->> 'display_name') AS doc
FROM team_members CROSS JOIN people
WHERE team_members.tenant_id = ?1 AND team_members.team_id = ?2
  AND people.tenant_id = ?1 AND people.id = team_members.person_id
ORDER BY team_members.person_id
LIMIT 10000
