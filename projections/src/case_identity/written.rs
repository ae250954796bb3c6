//! Writing what a rebuild has folded in memory.

use sira_database::on_engine;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::held_pairs::HeldPair;
use super::memory::HeldIdentities;
use super::pairs::Decision;
use super::postings::Postings;
use super::rows::{self, Person, ROWS_PER_STATEMENT};
use super::searched::{self, SearchToken};
use super::{IdentityKeys, TermKind, Token};
use crate::FoldError;
use crate::rebuild::{BinaryRows, WholeBuild, copy_rows};
use crate::store::ReadConnection;

/// Rows that are gathered for the statements of `SQLite`.
const GATHERED: usize = 50_000;

/// What was folded, in the order of the tables' keys: neighbours share their pages, and their indexes are nearly sorted.
struct SortedRows {
    people: Vec<Person>,
    /// By number.
    ids: Vec<Uuid>,
    tokens: Vec<(Token, TermKind)>,
    postings: Postings,
    searched: Vec<(SearchToken, Uuid)>,
    pairs: Vec<((Uuid, Uuid), HeldPair)>,
}

impl SortedRows {
    /// Takes a little of the memory that what is held took, which goes: what was compared of people first of all.
    fn of<K: IdentityKeys>(held: HeldIdentities<K>) -> Self {
        let (mut people, mut ids, mut searched) = (Vec::new(), Vec::new(), Vec::new());
        for held in held.people {
            ids.push(held.as_ref().map_or(Uuid::nil(), |held| held.person.id));
            if let Some(held) = held {
                searched.extend(held.searched.iter().map(|token| (*token, held.person.id)));
                people.push(held.person);
            }
        }
        people.sort_unstable_by_key(|person| person.id);
        searched.sort_unstable();
        let (tokens, pairs) = (held.postings.sorted(), held.pairs.into_sorted());
        Self { people, ids, tokens, postings: held.postings, searched, pairs }
    }
}

/// Writes every row. On `PostgreSQL` two tables at a time; a file takes one writer.
///
/// Each table is durable by itself, and none of them counts before the build's last transaction
/// ([`crate::rebuild::WholeBuild`]).
pub(super) async fn write<K: IdentityKeys>(
    held: HeldIdentities<K>,
    whole: &WholeBuild<'_>,
) -> Result<(), FoldError> {
    // Of a million people it takes seconds, and the threads of the runtime have others to serve.
    let sorted = tokio::task::spawn_blocking(|| SortedRows::of(held)).await;
    let rows = sorted.map_err(|lost| FoldError::Unavailable(lost.into()))?;
    let first = async {
        tokens(&rows, whole).await?;
        pairs(&rows, whole).await
    };
    let second = async {
        search(&rows, whole).await?;
        people(&rows, whole).await
    };
    if whole.is_postgres() {
        return tokio::try_join!(first, second).map(drop);
    }
    first.await?;
    second.await
}

async fn people(rows: &SortedRows, whole: &WholeBuild<'_>) -> Result<(), FoldError> {
    let (mut transaction, indexes) = whole.fill("case_identity").await?;
    match transaction.connection() {
        ReadConnection::Postgres(db) => {
            let table = "case_identity (aggregate_id, programme, reference, office, region, \
                         birth_year, identity, position, continues_as)";
            copy_rows(db, table, rows.people.iter(), put_person).await?;
        }
        ReadConnection::Sqlite(db) => {
            rows::put_people(ReadConnection::Sqlite(db), &rows.people).await?;
        }
    }
    indexes.make(transaction.connection()).await?;
    Ok(transaction.commit().await?)
}

fn put_person(row: &mut BinaryRows, person: &Person) {
    row.row(9);
    row.id(person.id);
    row.text(&person.programme);
    row.text(&person.reference);
    row.text(&person.office);
    row.text(&person.region);
    row.int4(person.birth_year);
    row.text(&person.sealed);
    row.int8(person.position.stored());
    match person.continues_as {
        Some(other) => row.id(other),
        None => row.null(),
    }
}

async fn tokens(rows: &SortedRows, whole: &WholeBuild<'_>) -> Result<(), FoldError> {
    let (mut transaction, indexes) = whole.fill("blind_index").await?;
    let all = rows.tokens.iter().flat_map(|(token, kind)| {
        let under = rows.postings.under(token).iter();
        under.map(|number| (*token, rows.ids[*number as usize], *kind))
    });
    // Of a type with a name: what is held while the database answers is sent from thread to thread.
    let mut all: Box<dyn Iterator<Item = (Token, Uuid, TermKind)> + Send + '_> = Box::new(all);
    match transaction.connection() {
        ReadConnection::Postgres(db) => {
            let table = "blind_index (token, aggregate_id, kind)";
            copy_rows(db, table, all, |row, (token, id, kind): (Token, Uuid, TermKind)| {
                row.row(3);
                row.bytes(&token);
                row.id(id);
                row.int4(kind as i32);
            })
            .await?;
        }
        ReadConnection::Sqlite(db) => loop {
            let mut some: Vec<_> = all.by_ref().take(GATHERED).collect();
            if some.is_empty() {
                break;
            }
            rows::put_tokens(ReadConnection::Sqlite(&mut *db), &mut some).await?;
        },
    }
    indexes.make(transaction.connection()).await?;
    Ok(transaction.commit().await?)
}

async fn search(rows: &SortedRows, whole: &WholeBuild<'_>) -> Result<(), FoldError> {
    let (mut transaction, indexes) = whole.fill("search_index").await?;
    match transaction.connection() {
        ReadConnection::Postgres(db) => {
            let table = "search_index (token, aggregate_id)";
            copy_rows(db, table, rows.searched.iter(), |row, (token, id)| {
                row.row(2);
                row.bytes(token);
                row.bytes(id.as_bytes());
            })
            .await?;
        }
        ReadConnection::Sqlite(db) => {
            for some in rows.searched.chunks(GATHERED) {
                searched::put(ReadConnection::Sqlite(&mut *db), &mut some.to_vec()).await?;
            }
        }
    }
    indexes.make(transaction.connection()).await?;
    Ok(transaction.commit().await?)
}

async fn pairs(rows: &SortedRows, whole: &WholeBuild<'_>) -> Result<(), FoldError> {
    let (mut transaction, indexes) = whole.fill("duplicate_candidates").await?;
    match transaction.connection() {
        ReadConnection::Postgres(db) => {
            let table = "duplicate_candidates \
                         (one, other, score, reasons, found_position, state, decided_position)";
            copy_rows(db, table, rows.pairs.iter(), |row, ((one, other), pair)| {
                row.row(7);
                row.id(*one);
                row.id(*other);
                row.int4(pair.score.into());
                row.text(&pair.reasons);
                row.int8(pair.found.stored());
                row.text(state(pair));
                match pair.decided {
                    Some((_, at)) => row.int8(at.stored()),
                    None => row.null(),
                }
            })
            .await?;
        }
        ReadConnection::Sqlite(db) => {
            for some in rows.pairs.chunks(ROWS_PER_STATEMENT) {
                insert_pairs(ReadConnection::Sqlite(&mut *db), some).await?;
            }
        }
    }
    indexes.make(transaction.connection()).await?;
    Ok(transaction.commit().await?)
}

fn state(pair: &HeldPair) -> &'static str {
    pair.decided.map_or("open", |(decision, _)| Decision::word(decision))
}

async fn insert_pairs(
    connection: ReadConnection<'_>,
    pairs: &[((Uuid, Uuid), HeldPair)],
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        let mut insert = QueryBuilder::new(
            "INSERT INTO duplicate_candidates \
             (one, other, score, reasons, found_position, state, decided_position) ",
        );
        insert.push_values(pairs, |mut row, ((one, other), pair)| {
            row.push_bind(one.to_string())
                .push_bind(other.to_string())
                .push_bind(i32::from(pair.score))
                .push_bind(&pair.reasons)
                .push_bind(pair.found.stored())
                .push_bind(state(pair))
                .push_bind(pair.decided.map(|(_, at)| at.stored()));
        });
        insert.build().execute(db).await.map(drop)
    })
}
