-- Which of these references (a JSON list) are somebody's.
SELECT reference FROM complaints WHERE tenant_id = ?1 AND reference IN (SELECT value FROM json_each(?2))
