//! Looking for people who are alike: by the index first, then opened one by one and compared.

use sira_database::on_engine;
use sira_domain::identity::Identity;
use sira_domain::likeness::{Likeness, Profile, Terms, likeness};
use sira_domain::reference::RegionCode;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::rows::{Person, PersonColumns, person};
use super::{IdentityKeys, TOKEN_BYTES, TermKind, Token};
use crate::{FoldError, ReadConnection};

/// People opened for one: what is opened is read from the key store, and who has more than this many
/// alike is looked at by people anyway.
pub const MAX_OPENED: usize = 64;
/// Index rows read for one national id, which belongs to one person.
const MAX_BY_NATIONAL_ID: i64 = 16;
/// Index rows read for one phone: a family's, a shop's; a made-up one may stand for thousands.
const MAX_BY_PHONE: i64 = 32;
/// Index rows read for all name terms together. Each alike person may be met under several.
const MAX_BY_NAME: i64 = 512;
/// Name terms of a statement are filled up to a multiple of this, so that few forms of the statement
/// are prepared.
const TERMS_STEP: usize = 6;
/// A token that no term has.
const NO_TOKEN: Token = [0; TOKEN_BYTES];

/// Who is sought.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The person, who is not their own duplicate.
    pub id: Uuid,
    /// What is compared.
    pub profile: Profile,
    /// Only people told before this position.
    pub before: i64,
}

/// Somebody alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
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
    pub found: Vec<Found>,
    /// Whether there were more candidates than are opened.
    pub capped: bool,
}

/// The tokens of terms: each with its kind.
pub(super) fn tokens(keys: &impl IdentityKeys, terms: &Terms) -> Vec<(TermKind, Token)> {
    let one = |kind, term: &str| (kind, keys.token(kind, term));
    let ids = terms.national_id.iter().map(|term| one(TermKind::NationalId, term));
    let phones = terms.phone.iter().map(|term| one(TermKind::Phone, term));
    let names = terms.names.iter().map(|term| one(TermKind::Name, term));
    ids.chain(phones).chain(names).collect()
}

/// A stored person in clear, and what is compared of them; none when their key was destroyed.
pub(super) async fn open_person(
    keys: &impl IdentityKeys,
    person: &Person,
) -> Result<Option<(Identity, Profile)>, FoldError> {
    let Some(identity) = keys.open(person.id, &person.sealed).await? else { return Ok(None) };
    let region = person.region.parse::<RegionCode>().ok();
    let profile = Profile::new(&identity, person.birth_year, region);
    Ok(Some((identity, profile)))
}

/// Finds who is alike, the most alike first.
///
/// # Errors
/// [`FoldError`], as the database or the key store has it.
pub async fn find_alike(
    connection: ReadConnection<'_>,
    keys: &impl IdentityKeys,
    sought: &Sought,
) -> Result<Search, FoldError> {
    let candidates = candidates(connection, keys, sought).await?;
    let capped = candidates.len() > MAX_OPENED;
    if capped {
        tracing::info!(opened = MAX_OPENED, "more people share terms than are compared");
    }
    let mut found = Vec::new();
    for candidate in candidates.into_iter().take(MAX_OPENED) {
        let Some((_, profile)) = open_person(keys, &candidate).await? else { continue };
        let likeness = likeness(&sought.profile, &profile);
        if likeness.is_proposed() {
            let Person { id, reference, office, .. } = candidate;
            found.push(Found { id, reference, office, likeness });
        }
    }
    found.sort_by_key(|found| (std::cmp::Reverse(found.likeness.score), found.id));
    Ok(Search { found, capped })
}

/// People who share a term: by national id first, then by phone, then those with the most terms of
/// the name in common. One more than is opened, to tell that there are more.
async fn candidates(
    connection: ReadConnection<'_>,
    keys: &impl IdentityKeys,
    sought: &Sought,
) -> Result<Vec<Person>, FoldError> {
    let terms = sought.profile.sought();
    let token =
        |kind, term: &Option<String>| term.as_ref().map_or(NO_TOKEN, |term| keys.token(kind, term));
    let national_id = token(TermKind::NationalId, &terms.national_id);
    let phone = token(TermKind::Phone, &terms.phone);
    let mut names: Vec<Token> =
        terms.names.iter().map(|term| keys.token(TermKind::Name, term)).collect();
    names.resize(names.len().max(1).next_multiple_of(TERMS_STEP), NO_TOKEN);
    let limit = i64::try_from(MAX_OPENED).unwrap_or(i64::MAX) + 1;
    let rows: Vec<PersonColumns> = on_engine!(connection, db => {
        // Each kind has its own limit, so that a phone of thousands hides no name.
        let mut query = QueryBuilder::new(
            "SELECT person.aggregate_id, person.programme, person.reference, person.office, \
             person.region, person.birth_year, person.identity, person.position FROM \
             (SELECT aggregate_id, min(kind) AS kind, count(*) AS shared FROM (",
        );
        for (token, limit) in [(&national_id, MAX_BY_NATIONAL_ID), (&phone, MAX_BY_PHONE)] {
            query.push("SELECT * FROM (SELECT aggregate_id, kind FROM blind_index WHERE token = ");
            query.push_bind(token.as_slice());
            query.push(format!(" ORDER BY aggregate_id LIMIT {limit}) AS hit UNION ALL "));
        }
        query.push("SELECT * FROM (SELECT aggregate_id, kind FROM blind_index WHERE token IN (");
        let mut list = query.separated(", ");
        for token in &names {
            list.push_bind(token.as_slice());
        }
        query.push(format!(") LIMIT {MAX_BY_NAME}) AS hit"));
        query.push(
            ") AS hit GROUP BY aggregate_id) AS hits \
             JOIN case_identity AS person ON person.aggregate_id = hits.aggregate_id \
             WHERE person.position < ",
        );
        query.push_bind(sought.before).push(" AND person.aggregate_id <> ");
        query.push_bind(sought.id.to_string());
        query.push(" ORDER BY hits.kind, hits.shared DESC, person.aggregate_id LIMIT ");
        query.push_bind(limit);
        query.build_query_as().fetch_all(db).await
    })?;
    rows.into_iter().map(|row| person(row).map_err(FoldError::from)).collect()
}
