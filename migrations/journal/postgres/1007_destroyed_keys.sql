-- Why: a key that was destroyed must stay destroyed, whatever is restored. A backup of the journal
-- carries the ids of the keys that the key store knew as destroyed when it was made, and they are put
-- here when it is restored: an erasure may be younger than the journal's last event in that backup.
-- Ids alone; what stands here is destroyed again at every start and left out of every restore of keys.

CREATE TABLE destroyed_keys (
    key_id       text        NOT NULL PRIMARY KEY CHECK (length(key_id) = 32),
    destroyed_at timestamptz NOT NULL
);
