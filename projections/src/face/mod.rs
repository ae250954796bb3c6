//! What people connect to on `PostgreSQL`: views for analysts in schema `read` and for auditors in schema
//! `audit`, which stay while the tables beneath them change.
//!
//! Everything here is set right rather than done once: [`settle`] compares what there is with what
//! should be, and does the difference, each view in a transaction of its own that waits for a lock only
//! for a moment. What somebody's open transaction holds up is told by name ([`ReadStore::held_up`]) and
//! tried again later; the server does not wait for it, since it reads by names of its own.

mod auditors;
mod dimensions;
pub mod figures;
pub(crate) mod held;
mod keeper;
pub mod logins;
mod offices;
pub(crate) mod shown;
mod sweep;
mod view;

pub use held::{Blocked, HeldUp};
pub(crate) use keeper::keep;
pub use offices::FEW_PEOPLE;

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::places;
use crate::store::{ReadConnection, ReadError, ReadStore};
use view::View;

/// The schema of what analysts see.
pub const READ_SCHEMA: &str = "read";
/// The schema of what auditors see.
pub const AUDIT_SCHEMA: &str = "audit";
/// What holds up views and old tables, in the list of [`ReadStore::held_up`].
const FACE: &str = "face";

/// Sets right what people connect to: the views on the newest tables, their comments and rights; the
/// tables of older versions that nobody reads any more go. Gives what somebody holds up, which is no
/// error: it is tried again by whoever calls this next. Nothing is done on the embedded engine.
///
/// # Errors
/// [`ReadError`] when the database fails.
pub async fn settle(store: &ReadStore, journal: &str) -> Result<Vec<Blocked>, ReadError> {
    let mut handle = store.connection().await?;
    let ReadConnection::Postgres(db) = handle.connection() else { return Ok(Vec::new()) };
    make_key(db).await?;
    view::comment_schemas(db).await?;
    let places = places::all(db).await?;
    let views = wanted(db, journal, &places).await?;
    let mut held = view::put_all(store, db, &views).await?;
    held.extend(sweep::old_tables(store, db).await?);
    store.held_up().set(FACE, held.clone());
    Ok(held)
}

/// Counts the people of each office anew, and shows those of few people as their region from now on.
/// Nothing is done on the embedded engine.
///
/// # Errors
/// [`ReadError`] when the database fails.
pub async fn count_offices(store: &ReadStore) -> Result<(), ReadError> {
    let mut handle = store.connection().await?;
    let ReadConnection::Postgres(db) = handle.connection() else { return Ok(()) };
    let places = places::all(db).await?;
    offices::count(store, &places).await
}

/// Every view that there should be: those of tables that are not built yet come later.
async fn wanted(
    db: &mut PgConnection,
    journal: &str,
    places: &BTreeMap<String, String>,
) -> Result<Vec<View>, sqlx::Error> {
    let mut views = shown::views(places);
    views.extend(dimensions::views(places));
    views.push(figures::view());
    views.extend(auditors::views(places));
    views.extend(auditors::events(db, journal).await?);
    Ok(views)
}

/// Makes the key of the surrogates, once: an HMAC's two padded blocks of 64 random bytes.
async fn make_key(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM surrogate_key)")
        .fetch_one(&mut *db)
        .await?;
    if there {
        return Ok(());
    }
    let key: Vec<u8> = (0..4).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
    let padded = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    sqlx::query(
        "INSERT INTO surrogate_key (id, inner_pad, outer_pad) VALUES (1, $1, $2)
         ON CONFLICT DO NOTHING",
    )
    .bind(padded(0x36))
    .bind(padded(0x5c))
    .execute(db)
    .await
    .map(drop)
}
