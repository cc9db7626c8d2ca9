-- In which teams ?2 is: id, a space and the name.
SELECT teams.id || ' ' || (teams.doc ->> 'name') AS doc
FROM team_members CROSS JOIN teams
WHERE team_members.tenant_id = ?1 AND team_members.person_id = ?2
  AND teams.tenant_id = ?1 AND teams.id = team_members.team_id AND teams.deleted = 0
LIMIT 50
