//! Looking for people who are alike: by the index first, then opened one by one and compared.

use sira_database::on_engine;
use sira_domain::identity::Identity;
use sira_domain::likeness::{Likeness, PersonProfile, Terms, likeness};
use sira_domain::reference::RegionCode;
use sira_numbers::Position;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::pairs;
use super::rows::{self, Person, PersonColumns, person};
use super::{IdentityIndex, IdentityKeys, TOKEN_BYTES, TermKind, Token};
use crate::{FoldError, ReadConnection};

/// People opened for one: what is opened is read from the key store, and who has more than this many
/// alike is looked at by people anyway.
pub const MAX_OPENED: u32 = 64;
/// Index rows read for one national id, which belongs to one person.
const MAX_BY_NATIONAL_ID: i64 = 16;
/// Index rows read for one phone: a family's, a shop's; a made-up one may stand for thousands.
const MAX_BY_PHONE: i64 = 32;
/// Index rows read for all terms of one kind together. Each alike person may be met under several.
const MAX_BY_KIND: i64 = 512;
/// Terms of a kind are filled up to a multiple of this, so that few forms of the statement are prepared.
const TERMS_STEP: usize = 6;
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

/// The tokens of terms: each with its kind.
pub(super) fn tokens(index: &impl IdentityIndex, terms: &Terms) -> Vec<(TermKind, Token)> {
    let one = |kind, term: &str| (kind, index.token(kind, term));
    let ids = terms.national_id.iter().map(|term| one(TermKind::NationalId, term));
    let phones = terms.phone.iter().map(|term| one(TermKind::Phone, term));
    let of = |kind, terms| std::iter::zip(std::iter::repeat(kind), terms);
    let names = of(TermKind::Name, &terms.names)
        .chain(of(TermKind::Birth, &terms.births))
        .chain(of(TermKind::Part, &terms.parts));
    ids.chain(phones).chain(names.map(|(kind, term)| one(kind, term))).collect()
}

/// A stored person in clear, and what is compared of them; none when their key was destroyed.
pub(super) async fn open_person(
    keys: &impl IdentityKeys,
    person: &Person,
) -> Result<Option<(Identity, PersonProfile)>, FoldError> {
    let Some(identity) = keys.open(person.id, &person.sealed).await? else { return Ok(None) };
    let region = person.region.parse::<RegionCode>().ok();
    let profile = PersonProfile::new(&identity, person.birth_year, region);
    Ok(Some((identity, profile)))
}

/// Finds who is alike, the most alike first, by the index key of the rows that are searched
/// ([`super::index_of`]).
///
/// # Errors
/// [`FoldError`], as the database or the key store has it.
pub async fn find_alike<K: IdentityKeys>(
    mut connection: ReadConnection<'_>,
    (keys, index): (&K, &K::Index),
    sought: &Sought,
) -> Result<Search, FoldError> {
    let candidates = candidates(connection.again(), index, sought).await?;
    let capped = candidates.len() > MAX_OPENED as usize;
    if capped {
        tracing::info!(opened = MAX_OPENED, "more people share terms than are compared");
    }
    let mut found = Vec::new();
    for candidate in candidates.into_iter().take(MAX_OPENED as usize) {
        if candidate.continues_as == Some(sought.id) {
            continue;
        }
        let Some((_, profile)) = open_person(keys, &candidate).await? else { continue };
        let likeness = likeness(&sought.profile, &profile);
        if likeness.is_proposed() {
            found.push((candidate, likeness));
        }
    }
    let mut found = proposals(connection, sought.id, found).await?;
    found.sort_by_key(|found| (std::cmp::Reverse(found.likeness.score), found.id));
    Ok(Search { found, capped })
}

/// What is proposed of those alike: one path a person, the one that continues, and none that was linked or
/// told apart.
async fn proposals(
    mut connection: ReadConnection<'_>,
    sought: Uuid,
    alike: Vec<(Person, Likeness)>,
) -> Result<Vec<FoundAlike>, FoldError> {
    if alike.is_empty() {
        return Ok(Vec::new());
    }
    let decided = pairs::decided_with(connection.again(), sought).await?;
    let mut found: Vec<FoundAlike> = Vec::new();
    for (person, likeness) in alike {
        if decided.contains(&person.id) {
            continue;
        }
        let person = match person.continues_as {
            None => Some(person),
            Some(continues) if decided.contains(&continues) => None,
            Some(continues) => rows::find(connection.again(), continues).await?,
        };
        let Some(Person { id, reference, office, .. }) = person else { continue };
        match found.iter_mut().find(|known| known.id == id) {
            Some(known) if known.likeness.score < likeness.score => known.likeness = likeness,
            Some(_) => {}
            None => found.push(FoundAlike { id, reference, office, likeness }),
        }
    }
    Ok(found)
}

/// People who share a term: by national id first, then by phone, then those with the most other terms in
/// common. One more than is opened, to tell that there are more.
async fn candidates(
    connection: ReadConnection<'_>,
    index: &impl IdentityIndex,
    sought: &Sought,
) -> Result<Vec<Person>, FoldError> {
    let terms = sought.profile.sought();
    let token = |kind, term: &Option<String>| {
        term.as_ref().map_or(NO_TOKEN, |term| index.token(kind, term))
    };
    let national_id = token(TermKind::NationalId, &terms.national_id);
    let phone = token(TermKind::Phone, &terms.phone);
    let of = |kind, terms: &[String]| {
        let mut tokens: Vec<Token> = terms.iter().map(|term| index.token(kind, term)).collect();
        tokens.resize(tokens.len().next_multiple_of(TERMS_STEP), NO_TOKEN);
        tokens
    };
    let by_kind = [
        of(TermKind::Name, &terms.names),
        of(TermKind::Birth, &terms.births),
        of(TermKind::Part, &terms.parts),
    ];
    let limit = i64::from(MAX_OPENED) + 1;
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
        query.push(
            ") AS hit GROUP BY aggregate_id) AS hits \
             JOIN case_identity AS person ON person.aggregate_id = hits.aggregate_id \
             WHERE person.position < ",
        );
        query.push_bind(sought.before.stored()).push(" AND person.aggregate_id <> ");
        query.push_bind(sought.id.to_string());
        query.push(" ORDER BY hits.kind, hits.shared DESC, person.aggregate_id LIMIT ");
        query.push_bind(limit);
        query.build_query_as().fetch_all(db).await
    })?;
    rows.into_iter().map(|row| person(row).map_err(FoldError::from)).collect()
}
