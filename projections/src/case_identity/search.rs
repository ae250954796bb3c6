//! Looking for people who are alike: by the index first, then opened one by one and compared.

use std::collections::HashMap;

use sira_database::on_engine;
use sira_domain::likeness::{Likeness, PersonProfile, likeness};
use sira_domain::reference::RegionCode;
use sira_numbers::Position;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::opened::SoughtTokens;
use super::pairs;
use super::rows::{self, Person, PersonColumns, person};
use super::{IdentityKeys, TOKEN_BYTES, Token};
use crate::{FoldError, ReadConnection};

/// People opened for one: what is opened is read from the key store, and who has more than this many
/// alike is looked at by people anyway.
pub const MAX_OPENED: u32 = 64;
/// Index rows read for one national id, which belongs to one person.
pub(super) const MAX_BY_NATIONAL_ID: usize = 16;
/// Index rows read for one phone: a family's, a shop's; a made-up one may stand for thousands.
pub(super) const MAX_BY_PHONE: usize = 32;
/// Index rows read for all terms of one kind together. Each alike person may be met under several.
pub(super) const MAX_BY_KIND: usize = 512;
/// Terms of a kind are filled up to a multiple of this, so that few forms of the statement are prepared.
const TERMS_STEP: usize = 6;
/// The person of a hit, by the key.
const PERSON_OF_HIT: &str =
    "JOIN case_identity AS person ON person.aggregate_id = hits.aggregate_id";
/// The same for `PostgreSQL`, which takes no samples of tokens and so expects hundreds of hits: a plain join would read
/// everybody from one end to the other for each registration. What is limited is looked up hit by hit.
const PERSON_OF_HIT_ON_POSTGRES: &str = "CROSS JOIN LATERAL (SELECT * FROM case_identity AS own \
     WHERE own.aggregate_id = hits.aggregate_id LIMIT 1) AS person";
/// A token that no term has.
const NO_TOKEN: Token = [0; TOKEN_BYTES];

/// Who is sought.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The person, who is not their own duplicate.
    pub id: Uuid,
    /// What is compared.
    pub profile: PersonProfile,
    /// Only people told before this position.
    pub before: Position,
}

/// Somebody alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAlike {
    /// The path's id.
    pub id: Uuid,
    /// Its reference.
    pub reference: String,
    /// The office in charge of it.
    pub office: String,
    /// How alike.
    pub likeness: Likeness,
}

/// What a search came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Those alike, the most alike first.
    pub found: Vec<FoundAlike>,
    /// Whether there were more candidates than are opened.
    pub capped: bool,
}

/// Who is sought, by tokens that were made already.
pub(super) struct AlikeQuery<'a> {
    pub id: Uuid,
    pub profile: &'a PersonProfile,
    pub tokens: &'a SoughtTokens,
    pub before: Position,
}

/// Finds who is alike, the most alike first, by the index key of the rows that are searched
/// ([`super::index_of`]).
///
/// # Errors
/// [`FoldError`], as the database or the key store has it.
pub async fn find_alike<K: IdentityKeys>(
    connection: ReadConnection<'_>,
    (keys, index): (&K, &K::Index),
    sought: &Sought,
) -> Result<Search, FoldError> {
    let tokens = SoughtTokens::of(index, &sought.profile);
    let Sought { id, profile, before } = sought;
    let query = AlikeQuery { id: *id, profile, tokens: &tokens, before: *before };
    search(connection, keys, &query).await
}

/// The search in the tables.
pub(super) async fn search<K: IdentityKeys>(
    mut connection: ReadConnection<'_>,
    keys: &K,
    query: &AlikeQuery<'_>,
) -> Result<Search, FoldError> {
    let mut candidates = candidates(connection.again(), query).await?;
    let capped = candidates.len() > MAX_OPENED as usize;
    if capped {
        tracing::info!(opened = MAX_OPENED, "more people share terms than are compared");
        candidates.truncate(MAX_OPENED as usize);
    }
    let mut alike = Vec::new();
    for candidate in &candidates {
        let Some(identity) = keys.open(candidate.id, &candidate.sealed).await? else { continue };
        let region = candidate.region.parse::<RegionCode>().ok();
        let profile = PersonProfile::new(&identity, candidate.birth_year, region);
        alike.extend(compare(query, candidate, &profile));
    }
    if alike.is_empty() {
        return Ok(Search { found: Vec::new(), capped });
    }
    let decided = pairs::decided_with(connection.again(), query.id).await?;
    let mut continuing = HashMap::new();
    for id in alike.iter().filter_map(|(person, _)| person.continues_as) {
        if let Some(person) = rows::find(connection.again(), id).await? {
            continuing.insert(id, person);
        }
    }
    let proposed = propose(alike, |id| decided.contains(&id), |id| continuing.get(&id));
    let found = |(person, likeness): (&Person, Likeness)| FoundAlike {
        id: person.id,
        reference: person.reference.clone(),
        office: person.office.to_string(),
        likeness,
    };
    Ok(Search { found: proposed.into_iter().map(found).collect(), capped })
}

/// A candidate who is alike enough. A path that is frozen in favour of the one sought is the same person.
pub(super) fn compare<'a>(
    query: &AlikeQuery<'_>,
    candidate: &'a Person,
    profile: &PersonProfile,
) -> Option<(&'a Person, Likeness)> {
    if candidate.continues_as == Some(query.id) {
        return None;
    }
    let likeness = likeness(query.profile, profile);
    likeness.is_proposed().then_some((candidate, likeness))
}

/// What is proposed of those alike, the most alike first: one path a person, the one that continues, and none
/// that was linked or told apart.
pub(super) fn propose<'a>(
    alike: Vec<(&'a Person, Likeness)>,
    is_decided: impl Fn(Uuid) -> bool,
    continuing: impl Fn(Uuid) -> Option<&'a Person>,
) -> Vec<(&'a Person, Likeness)> {
    let mut found: Vec<(&Person, Likeness)> = Vec::new();
    for (person, likeness) in alike {
        if is_decided(person.id) {
            continue;
        }
        let person = match person.continues_as {
            None => Some(person),
            Some(continues) if is_decided(continues) => None,
            Some(continues) => continuing(continues),
        };
        let Some(person) = person else { continue };
        match found.iter_mut().find(|(known, _)| known.id == person.id) {
            Some((_, known)) if known.score < likeness.score => *known = likeness,
            Some(_) => {}
            None => found.push((person, likeness)),
        }
    }
    found.sort_by_key(|(person, likeness)| (std::cmp::Reverse(likeness.score), person.id));
    found
}

/// People who share a term: by national id first, then by phone, then those with the most other terms in
/// common. One more than is opened, to tell that there are more.
///
/// What a rebuild does in memory ([`super::memory`]) has the same limits in the same order.
async fn candidates(
    connection: ReadConnection<'_>,
    sought: &AlikeQuery<'_>,
) -> Result<Vec<Person>, FoldError> {
    let national_id = sought.tokens.national_id.unwrap_or(NO_TOKEN);
    let phone = sought.tokens.phone.unwrap_or(NO_TOKEN);
    let filled = |tokens: &Vec<Token>| {
        let mut tokens = tokens.clone();
        tokens.resize(tokens.len().next_multiple_of(TERMS_STEP), NO_TOKEN);
        tokens
    };
    let by_kind = sought.tokens.by_kind.each_ref().map(filled);
    let limit = i64::from(MAX_OPENED) + 1;
    let of_hit = match &connection {
        ReadConnection::Postgres(_) => PERSON_OF_HIT_ON_POSTGRES,
        ReadConnection::Sqlite(_) => PERSON_OF_HIT,
    };
    let rows: Vec<PersonColumns> = on_engine!(connection, db => {
        // Each kind has its own limit, so that a phone of thousands hides no name.
        let mut query = QueryBuilder::new(
            "SELECT person.aggregate_id, person.programme, person.reference, person.office, \
             person.region, person.birth_year, person.identity, person.position, \
             person.continues_as FROM (SELECT aggregate_id, \
             min(CASE WHEN kind < 3 THEN kind ELSE 3 END) AS kind, count(*) AS shared FROM (",
        );
        for (place, (token, limit)) in
            [(&national_id, MAX_BY_NATIONAL_ID), (&phone, MAX_BY_PHONE)].into_iter().enumerate()
        {
            query.push(if place == 0 { "" } else { " UNION ALL " });
            query.push("SELECT * FROM (SELECT aggregate_id, kind FROM blind_index WHERE token = ");
            query.push_bind(token.as_slice());
            query.push(format!(" ORDER BY aggregate_id LIMIT {limit}) AS hit"));
        }
        for tokens in by_kind.iter().filter(|tokens| !tokens.is_empty()) {
            query.push(
                " UNION ALL SELECT * FROM (SELECT aggregate_id, kind FROM blind_index WHERE token IN (",
            );
            let mut list = query.separated(", ");
            for token in tokens {
                list.push_bind(token.as_slice());
            }
            query.push(format!(") LIMIT {MAX_BY_KIND}) AS hit"));
        }
        query.push(") AS hit GROUP BY aggregate_id) AS hits ").push(of_hit);
        query.push(" WHERE person.position < ");
        query.push_bind(sought.before.stored()).push(" AND person.aggregate_id <> ");
        query.push_bind(sought.id.to_string());
        query.push(" ORDER BY hits.kind, hits.shared DESC, person.aggregate_id LIMIT ");
        query.push_bind(limit);
        query.build_query_as().fetch_all(db).await
    })?;
    rows.into_iter().map(|row| person(row).map_err(FoldError::from)).collect()
}
