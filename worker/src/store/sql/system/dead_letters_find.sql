SELECT id, message, arrived_at, replayed_at FROM dead_letters WHERE id = ?1
