//! What a backup holds: every table of the two databases, or the reason why it is left out. A table
//! that a migration adds must be added here; a test compares the lists with the databases.

/// What a column holds, and how it is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopiedKind {
    /// A text.
    Text,
    /// A JSON text, kept byte for byte.
    Json,
    /// A number of 64 bits.
    Integer,
    /// A UTC time in whole microseconds: RFC 3339 with six digits.
    Time,
    /// Bytes: base64.
    Bytes,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct CopiedColumn {
    /// Its name.
    pub name: &'static str,
    /// What it holds; it may hold nothing.
    pub kind: CopiedKind,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct CopiedTable {
    /// Its name.
    pub name: &'static str,
    /// Its columns, every one.
    pub columns: &'static [CopiedColumn],
    /// The columns by which rows are put in order: the same rows give the same file.
    pub order: &'static str,
}

const fn text(name: &'static str) -> CopiedColumn {
    CopiedColumn { name, kind: CopiedKind::Text }
}

const fn json(name: &'static str) -> CopiedColumn {
    CopiedColumn { name, kind: CopiedKind::Json }
}

const fn integer(name: &'static str) -> CopiedColumn {
    CopiedColumn { name, kind: CopiedKind::Integer }
}

const fn time(name: &'static str) -> CopiedColumn {
    CopiedColumn { name, kind: CopiedKind::Time }
}

const fn bytes(name: &'static str) -> CopiedColumn {
    CopiedColumn { name, kind: CopiedKind::Bytes }
}

/// The events.
pub const EVENTS: CopiedTable = CopiedTable {
    name: "events",
    columns: &[
        integer("position"),
        text("aggregate_type"),
        text("aggregate_id"),
        integer("sequence"),
        text("event_type"),
        text("event_version"),
        json("payload"),
        json("metadata"),
        time("recorded_at"),
        bytes("leaf_hash"),
    ],
    order: "position",
};

/// The ids of keys that were destroyed. A backup of the journal adds those that the key store knows.
pub const DESTROYED_KEYS: CopiedTable = CopiedTable {
    name: "destroyed_keys",
    columns: &[text("key_id"), time("destroyed_at")],
    order: "key_id",
};

/// Where the journal stands.
pub const JOURNAL_HEAD: CopiedTable = CopiedTable {
    name: "journal_head",
    columns: &[text("journal"), integer("next_position"), time("recorded_at")],
    order: "journal",
};

/// The tables of the journal's database that a backup holds, in the order in which they are restored.
pub const JOURNAL_TABLES: &[CopiedTable] = &[
    EVENTS,
    CopiedTable {
        name: "requests",
        columns: &[
            text("actor"),
            text("key"),
            bytes("body_hash"),
            text("answer"),
            integer("position"),
            integer("version"),
            time("recorded_at"),
        ],
        order: "actor, key",
    },
    CopiedTable {
        name: "stream_aliases",
        columns: &[text("alias"), text("aggregate_type"), text("aggregate_id")],
        order: "alias",
    },
    CopiedTable {
        name: "journal_settings",
        columns: &[text("name"), text("value")],
        order: "name",
    },
    CopiedTable {
        name: "tokens",
        columns: &[
            text("token_id"),
            text("actor"),
            text("role"),
            text("scope"),
            time("issued_at"),
            time("expires_at"),
            time("revoked_at"),
            text("revoked_by"),
            text("exact_figures"),
        ],
        order: "token_id",
    },
    CopiedTable {
        name: "access_log",
        columns: &[
            text("entry_id"),
            time("at"),
            text("actor"),
            text("role"),
            text("action"),
            text("aggregate_type"),
            text("aggregate_id"),
            text("request_id"),
        ],
        order: "entry_id",
    },
    CopiedTable {
        name: "reports",
        columns: &[
            text("name"),
            text("subject"),
            text("query"),
            integer("position"),
            text("day"),
            time("frozen_at"),
            text("frozen_by"),
            bytes("leaf_hash"),
            bytes("answer_sha256"),
            text("audience"),
            text("cells"),
        ],
        order: "name",
    },
    CopiedTable {
        name: "report_withdrawals",
        columns: &[text("name"), time("withdrawn_at"), text("withdrawn_by")],
        order: "name",
    },
    CopiedTable {
        name: "report_documents",
        columns: &[
            text("name"),
            text("asked"),
            text("content"),
            text("content_sha256"),
            text("audience"),
            time("frozen_at"),
            text("frozen_by"),
        ],
        order: "name",
    },
    CopiedTable {
        name: "report_document_withdrawals",
        columns: &[text("name"), time("withdrawn_at"), text("withdrawn_by"), text("reason")],
        order: "name",
    },
    CopiedTable {
        name: "evidence_tiles",
        columns: &[integer("level"), integer("tile_index"), bytes("hashes")],
        order: "level, tile_index",
    },
    CopiedTable {
        name: "evidence_checkpoints",
        columns: &[integer("size"), text("note"), time("signed_at")],
        order: "size",
    },
    CopiedTable {
        name: "evidence_cosignatures",
        columns: &[integer("size"), text("witness"), text("line"), time("received_at")],
        order: "size, witness",
    },
    CopiedTable {
        name: "erasure_orders",
        columns: &[
            text("order_id"),
            time("at"),
            text("actor"),
            text("reason"),
            integer("paths"),
            text("request_id"),
        ],
        order: "order_id",
    },
    DESTROYED_KEYS,
    // Last: a journal opens by its head.
    JOURNAL_HEAD,
];

/// The tables of the journal's database that a backup leaves out, and why.
pub const JOURNAL_LEFT_OUT: &[(&str, &str)] = &[
    ("_sqlx_migrations", "made by the migrations of the database that is restored into"),
    ("evidence_signer", "says which process signs just now; ends of itself"),
    ("token_changes", "counts changes for the processes that run on one database; begins anew"),
];

/// The keys. `wrapped` is sealed under the master key.
pub const PERSON_KEYS: CopiedTable = CopiedTable {
    name: "person_keys",
    columns: &[text("key_id"), bytes("wrapped"), time("created_at"), time("destroyed_at")],
    order: "key_id",
};

/// What the key store is.
pub const KEY_STORE: CopiedTable =
    CopiedTable { name: "key_store", columns: &[text("name"), text("value")], order: "name" };

/// Applications of people without an account. `sealed` is sealed under the key that the row names.
pub const APPLICATIONS: CopiedTable = CopiedTable {
    name: "applications",
    columns: &[
        text("application_id"),
        text("programme"),
        text("region"),
        time("received_at"),
        text("received_on"),
        text("kept_until"),
        text("path_id"),
        text("key_id"),
        text("sealed"),
        text("decision"),
        time("decided_at"),
        text("decided_by"),
        text("reason"),
    ],
    order: "application_id",
};

/// The tables of the key store that a backup of the keys holds.
pub const KEY_TABLES: &[CopiedTable] = &[PERSON_KEYS, KEY_STORE, APPLICATIONS];

impl CopiedTable {
    /// The statement that reads every row, each column in the form in which both engines give it.
    #[must_use]
    pub fn select(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(CopiedColumn::selected).collect();
        format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), self.name, self.order)
    }
}

impl CopiedColumn {
    fn selected(&self) -> String {
        match self.kind {
            CopiedKind::Json => format!("CAST({} AS text)", self.name),
            // A column of 32 bits is read as the others are.
            CopiedKind::Integer => format!("CAST({} AS bigint)", self.name),
            CopiedKind::Text | CopiedKind::Time | CopiedKind::Bytes => self.name.to_owned(),
        }
    }
}
