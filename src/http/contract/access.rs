//! Who may use a route, and the groups of roles that routes name. The roles of a command stand in its row
//! of the domain's tables ([`sira_domain::STREAM_KINDS`] leads to all four), and are asked with the command.

use sira_domain::role::Role::{self, Adviser, Auditor, Committee, Director, Finance, Trainer};

use super::error::ApiError;

/// Who may use a route.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Anyone, without a token.
    Open,
    /// Any valid token.
    AnyRole,
    /// Any valid token, and without one where the hashes of the log are public (`public_hashes`).
    Hashes,
    /// These roles.
    Roles(&'static [Role]),
}

impl Access {
    /// Refuses a role that may not use the route.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`], with those who may.
    pub fn check(self, role: Role) -> Result<(), ApiError> {
        match self {
            Self::Roles(roles) if !roles.contains(&role) => Err(ApiError::Forbidden(roles)),
            Self::Open | Self::AnyRole | Self::Hashes | Self::Roles(_) => Ok(()),
        }
    }
}

/// Those who see a path: its people, never analysts or donors.
pub const PATH_READERS: &[Role] =
    &[Adviser, Trainer, Committee, Finance, Director, Auditor, Role::Admin];

/// Those who may give some command: those who may send many in one request. Each is asked of its own row, too.
pub const COMMANDERS: &[Role] = &[Adviser, Trainer, Committee, Finance, Director, Role::Admin];

/// Those who see a path's documents: those who may open the name of one.
pub const DOCUMENT_READERS: &[Role] = crate::present::IDENTITY_READERS;

/// Those who see a cohort with its members.
pub const COHORT_READERS: &[Role] = PATH_READERS;

/// Those who see a fund's sums; a donor those of its own.
pub const FUND_READERS: &[Role] =
    &[Adviser, Committee, Finance, Director, Auditor, Role::Analyst, Role::Donor, Role::Admin];

/// Those who read every event of a programme, a cohort or a fund.
pub const HISTORY_READERS: &[Role] = &[Finance, Director, Auditor, Role::Admin];

/// Those who see and revoke tokens.
pub const TOKEN_KEEPERS: &[Role] = &[Role::Admin];

/// Those who see the pairs of paths that may be one person's. Who may settle it is said by the rows of the
/// commands `link-duplicate`, `dismiss-duplicate` and those that take them back.
pub const DUPLICATE_READERS: &[Role] = &[Adviser, Director, Role::Admin];

/// Those who read the applications of people without an account, and refuse them. Who may accept one is who
/// may register.
pub const APPLICATION_READERS: &[Role] = &[Adviser, Director];

/// Those who follow the whole journal; see `routes::events` for why their scope must be everything.
pub const FEED_READERS: &[Role] = &[Auditor, Role::Admin];

/// Those who read the entries of every event of the journal: which stream, which type, when.
pub const ENTRY_READERS: &[Role] = &[Auditor, Role::Admin, Director];

/// Those whose witness may hand in its signatures; whose key signed is checked besides.
pub const WITNESSES: &[Role] = &[Director, Role::Donor, Role::Admin];

/// Those who hand a person everything that is held about them.
pub const PERSON_READERS: &[Role] = &[Director];

/// Those who see whose data are past retention.
pub const RETENTION_READERS: &[Role] = &[Director, Role::Admin];

/// Those who order the erasure of data past retention.
pub const ERASERS: &[Role] = &[Role::Admin];

/// Those who give the paths of one adviser to another; whether a path is within reach is asked of each.
pub const REASSIGNERS: &[Role] = &[Adviser, Director];

/// Those who see what a member of the staff did, and who read a person's data.
pub const WATCHERS: &[Role] = &[Director, Auditor, Role::Admin];

/// Those who freeze reports.
pub const REPORT_KEEPERS: &[Role] = &[Director, Role::Analyst, Role::Admin];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_may_send_many_commands_are_those_who_may_give_one() {
        let entries = sira_domain::STREAM_KINDS.iter().flat_map(|kind| kind.commands);
        let may: Vec<Role> = entries.flat_map(|entry| entry.roles).copied().collect();
        for role in Role::ALL {
            assert_eq!(may.contains(&role), COMMANDERS.contains(&role), "{role}");
        }
    }
}
