SELECT id, message, arrived_at, replayed_at FROM dead_letters WHERE id > ?1 ORDER BY id LIMIT ?2
