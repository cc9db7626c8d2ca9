INSERT INTO dead_letters (id, message, arrived_at) SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1)
