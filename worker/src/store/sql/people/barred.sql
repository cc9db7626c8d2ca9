-- Those that are needed still, for they were barred after ?2: shared::identity::session_token::Barred as JSON.
SELECT doc FROM barred WHERE tenant_id = ?1 AND until > ?2 ORDER BY until
