-- How many fit each of ?2, as in `list.sql`.
SELECT count(*) || '' AS doc FROM people
WHERE tenant_id = ?1 AND NOT EXISTS (
  SELECT 1 FROM json_each(?2) AS wanted WHERE (
    CASE wanted.value ->> 0
      WHEN 'active eq' THEN people.active = (wanted.value ->> 1)
      WHEN 'active ne' THEN people.active <> (wanted.value ->> 1)
      WHEN 'id eq' THEN people.id = (wanted.value ->> 1)
      WHEN 'user_name eq' THEN people.user_name = (wanted.value ->> 1)
      WHEN 'user_name sw' THEN substr(people.user_name, 1, length(wanted.value ->> 1)) = (wanted.value ->> 1)
      WHEN 'email eq' THEN people.email = (wanted.value ->> 1)
      WHEN 'email sw' THEN substr(people.email, 1, length(wanted.value ->> 1)) = (wanted.value ->> 1)
      WHEN 'external_id eq' THEN coalesce(people.external_id, '') = (wanted.value ->> 1)
      WHEN 'last_modified eq' THEN people.doc ->> 'updated_at' = (wanted.value ->> 1)
      WHEN 'last_modified gt' THEN people.doc ->> 'updated_at' > (wanted.value ->> 1)
      WHEN 'last_modified ge' THEN people.doc ->> 'updated_at' >= (wanted.value ->> 1)
      WHEN 'last_modified lt' THEN people.doc ->> 'updated_at' < (wanted.value ->> 1)
      WHEN 'last_modified le' THEN people.doc ->> 'updated_at' <= (wanted.value ->> 1)
      WHEN 'display_name eq' THEN lower(people.doc ->> 'display_name') = (wanted.value ->> 1)
      WHEN 'display_name sw' THEN substr(lower(people.doc ->> 'display_name'), 1, length(wanted.value ->> 1)) = (wanted.value ->> 1)
      ELSE 1
    END
  ) = 0
)
