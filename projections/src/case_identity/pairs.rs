//! The rows of `duplicate_candidates`: one statement a function, the same on both engines.

use sira_database::on_engine;
use sira_domain::likeness::{Likeness, Reason};
use sira_numbers::Position;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::{ReadConnection, ReadError};

/// Rows of one statement: six columns each stay below what either engine binds.
const ROWS_PER_STATEMENT: usize = 1_000;

/// What has become of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// One person's.
    Linked,
    /// Two people's, whether they had been linked or were only proposed.
    ToldApart,
}

impl Decision {
    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::ToldApart => "unlinked",
        }
    }
}

/// A pair's two ids, the lesser first, as they are stored.
fn ordered(one: Uuid, other: Uuid) -> (String, String) {
    (one.min(other).to_string(), one.max(other).to_string())
}

/// The reasons as stored.
pub(super) fn reasons_text(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.word()).collect::<Vec<_>>().join(",")
}

/// Stores pairs of one person, found at a position. A pair that is known keeps its position and its
/// decision; its score is the newest while it is open.
pub(super) async fn put_pairs(
    mut connection: ReadConnection<'_>,
    id: Uuid,
    pairs: &[(Uuid, Likeness)],
    position: Position,
) -> Result<(), sqlx::Error> {
    for some in pairs.chunks(ROWS_PER_STATEMENT) {
        on_engine!(connection.again(), db => {
            let mut insert = QueryBuilder::new(
                "INSERT INTO duplicate_candidates \
                 (one, other, score, reasons, found_position, state) ",
            );
            insert.push_values(some, |mut row, (with, likeness)| {
                let (one, other) = ordered(id, *with);
                row.push_bind(one)
                    .push_bind(other)
                    .push_bind(i32::from(likeness.score))
                    .push_bind(reasons_text(&likeness.reasons))
                    .push_bind(position.stored())
                    .push_bind("open");
            });
            insert.push(
                " ON CONFLICT (one, other) DO UPDATE SET score = excluded.score, \
                 reasons = excluded.reasons WHERE duplicate_candidates.state = 'open'",
            );
            insert.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// Keeps what was decided of a pair, whether it had been proposed or not.
pub(super) async fn decide_pair(
    connection: ReadConnection<'_>,
    (one, other): (Uuid, Uuid),
    decision: Decision,
    position: Position,
) -> Result<(), sqlx::Error> {
    let (one, other) = ordered(one, other);
    let state = decision.word();
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO duplicate_candidates
             (one, other, score, reasons, found_position, state, decided_position)
             VALUES ($1, $2, 0, '', $3, $4, $3)
             ON CONFLICT (one, other) DO UPDATE
                SET state = excluded.state, decided_position = excluded.decided_position",
        )
        .bind(one)
        .bind(other)
        .bind(position.stored())
        .bind(state)
        .execute(db)
        .await
        .map(drop)
    })
}

/// Drops the open pairs of a person but those with `kept`.
pub(super) async fn drop_open_pairs(
    connection: ReadConnection<'_>,
    id: Uuid,
    kept: &[(Uuid, Likeness)],
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        let mut delete = QueryBuilder::new(
            "DELETE FROM duplicate_candidates WHERE state = 'open' AND (one = ",
        );
        delete.push_bind(id.to_string()).push(" OR other = ").push_bind(id.to_string()).push(")");
        if !kept.is_empty() {
            for column in ["one", "other"] {
                delete.push(format!(" AND {column} NOT IN ("));
                let mut list = delete.separated(", ");
                for (with, _) in kept {
                    list.push_bind(with.to_string());
                }
                delete.push(")");
            }
        }
        delete.build().execute(db).await.map(drop)
    })
}

/// Drops every pair of a person, decided or not.
pub(super) async fn drop_pairs(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query("DELETE FROM duplicate_candidates WHERE one = $1 OR other = $1")
            .bind(id.to_string())
            .execute(db)
            .await
            .map(drop)
    })
}

/// The paths that one was linked with or told apart from.
pub(super) async fn decided_with(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<Vec<Uuid>, ReadError> {
    let rows: Vec<(String, String)> = on_engine!(connection, db => {
        sqlx::query_as(
            "SELECT one, other FROM duplicate_candidates WHERE one = $1 AND state <> 'open'
             UNION ALL
             SELECT other, one FROM duplicate_candidates WHERE other = $1 AND state <> 'open'",
        )
        .bind(id.to_string())
        .fetch_all(db)
        .await
    })?;
    let parsed = |(_, other): (String, String)| {
        let damaged =
            |_| ReadError::Inconsistent { table: "duplicate_candidates", id: other.clone() };
        Uuid::try_parse(&other).map_err(damaged)
    };
    rows.into_iter().map(parsed).collect()
}

/// Forgets that two were told apart: the pair is proposed again when it is found again.
pub(super) async fn reconsider_pair(
    connection: ReadConnection<'_>,
    (one, other): (Uuid, Uuid),
) -> Result<(), sqlx::Error> {
    let (one, other) = ordered(one, other);
    on_engine!(connection, db => {
        sqlx::query(
            "DELETE FROM duplicate_candidates WHERE one = $1 AND other = $2 AND state = 'unlinked'",
        )
        .bind(one)
        .bind(other)
        .execute(db)
        .await
        .map(drop)
    })
}

/// Whoever is like a path that is frozen is like the person who goes on: the open pairs of the one become
/// pairs of the other, unless that has such a pair.
pub(super) async fn move_open_pairs(
    mut connection: ReadConnection<'_>,
    frozen: Uuid,
    continuing: Uuid,
    position: Position,
) -> Result<(), sqlx::Error> {
    // The lesser id stands first, as a text is compared.
    const PARTNER: &str = "CASE WHEN one = $1 THEN other ELSE one END";
    on_engine!(connection.again(), db => {
        sqlx::query(&format!(
            "INSERT INTO duplicate_candidates (one, other, score, reasons, found_position, state)
             SELECT CASE WHEN {PARTNER} < $2 THEN {PARTNER} ELSE $2 END,
                    CASE WHEN {PARTNER} < $2 THEN $2 ELSE {PARTNER} END,
                    score, reasons, $3, 'open'
               FROM duplicate_candidates
              WHERE state = 'open' AND (one = $1 OR other = $1) AND {PARTNER} <> $2
             ON CONFLICT DO NOTHING",
        ))
        .bind(frozen.to_string())
        .bind(continuing.to_string())
        .bind(position.stored())
        .execute(db)
        .await
        .map(drop)
    })?;
    on_engine!(connection, db => {
        sqlx::query(
            "DELETE FROM duplicate_candidates WHERE state = 'open' AND (one = $1 OR other = $1)",
        )
        .bind(frozen.to_string())
        .execute(db)
        .await
        .map(drop)
    })
}
