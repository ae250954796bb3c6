//! Which applications somebody reaches: those of the regions of their scope, or of the regions in which their
//! offices stand.

use sira_domain::reference::RegionCode;
use sira_domain::values::ProgrammeId;
use uuid::Uuid;

use crate::commands::{CommandError, Commands};
use crate::grant::Scope;
use crate::keys::{ApplicationQuestion, StoredApplication};

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct AskedApplications {
    /// Of this programme alone.
    pub programme: Option<ProgrammeId>,
    /// Of this region alone.
    pub region: Option<RegionCode>,
    /// Those that were refused and are kept still, in the place of those that wait.
    pub refused: bool,
    /// The last one of the page before.
    pub after: Option<Uuid>,
    /// Rows of the page.
    pub limit: u32,
}

/// A page.
#[derive(Debug)]
pub struct ListedApplications {
    /// The applications, the oldest first.
    pub items: Vec<StoredApplication>,
    /// The last one, where another page follows.
    pub next: Option<Uuid>,
}

/// A page of applications within a scope.
///
/// # Errors
/// When a store cannot be read.
pub async fn applications(
    commands: &Commands,
    scope: &Scope,
    asked: &AskedApplications,
) -> Result<ListedApplications, CommandError> {
    let question = ApplicationQuestion {
        places: places(commands, scope).await?,
        programme: asked.programme.map(|programme| programme.0),
        region: asked.region,
        refused: asked.refused,
        kept_on: Some(commands.clock().now().date_naive()),
        after: asked.after,
        // One more than is shown tells whether another page follows.
        limit: asked.limit.saturating_add(1),
    };
    let mut items = commands.keys().applications(&question).await?;
    let has_more = items.len() > asked.limit as usize;
    items.truncate(asked.limit as usize);
    let next = items.last().filter(|_| has_more).map(|last| last.id);
    Ok(ListedApplications { items, next })
}

/// An application within a scope.
///
/// # Errors
/// [`CommandError::NotFound`], also of one that is out of reach, or whose days are over and that no sweep has
/// destroyed yet: not a word more than of one that is not there.
pub async fn reached_application(
    commands: &Commands,
    scope: &Scope,
    id: Uuid,
) -> Result<StoredApplication, CommandError> {
    let today = commands.clock().now().date_naive();
    let found = commands.keys().application(id).await?;
    let found = found.filter(|found| found.kept_until >= today).ok_or(CommandError::NotFound)?;
    let is_within = match places(commands, scope).await? {
        None => true,
        Some(places) => places.iter().any(|(programme, region)| {
            *region == found.region
                && programme.is_none_or(|programme| programme == found.programme)
        }),
    };
    if is_within { Ok(found) } else { Err(CommandError::NotFound) }
}

/// The places whose applications a scope holds; none for everything.
async fn places(
    commands: &Commands,
    scope: &Scope,
) -> Result<Option<Vec<(Option<Uuid>, RegionCode)>>, CommandError> {
    let mut places = Vec::new();
    match scope {
        Scope::All => return Ok(None),
        Scope::Regions(regions) => places.extend(regions.iter().map(|region| (None, *region))),
        Scope::Offices(offices) => {
            for one in offices {
                let programme = commands.known_programme(one.programme.0).await?;
                let region = programme.region_of(&one.office);
                places.extend(region.map(|region| (Some(one.programme.0), region)));
            }
        }
        // A donor sees no person.
        Scope::Funds(_) => {}
    }
    Ok(Some(places))
}
