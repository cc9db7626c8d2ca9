-- Dead letters that nobody has replayed, which are few: to count them.
CREATE INDEX dead_letters_waiting ON dead_letters (id) WHERE replayed_at IS NULL;
