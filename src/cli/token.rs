//! `sira token`.

use chrono::Duration;
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, FundId, OfficeCode};
use uuid::Uuid;

use super::CliError;
use crate::app::with_open;
use crate::config::Config;
use crate::grant::Scope;
use crate::say::Say;
use crate::token::IssuedToken;

/// Longest life of a token, in days.
const TTL_MAX_DAYS: i64 = 400;

/// Arguments of `sira token`.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print a new signed token. / Émet un jeton.
    Issue {
        /// Who acts: `a-z 0-9 . _ @ -`.
        #[arg(long)]
        actor: ActorId,
        /// Role.
        #[arg(long)]
        role: Role,
        /// Region that the role reaches; may be repeated. All when neither region nor office is given.
        #[arg(long)]
        region: Vec<RegionCode>,
        /// Office that the role reaches; may be repeated.
        #[arg(long, conflicts_with = "region")]
        office: Vec<OfficeCode>,
        /// Fund that a donor sees; may be repeated.
        #[arg(long, conflicts_with_all = ["region", "office"])]
        fund: Vec<Uuid>,
        /// How long it is good for, such as `30d`, `12h` or `15m`.
        #[arg(long, default_value = "30d", value_parser = read_ttl)]
        ttl: Duration,
    },
    /// List every token. / Liste les jetons.
    List,
    /// Revoke a token, for good. / Révoque un jeton.
    Revoke {
        /// The token's id, as listed.
        id: Uuid,
    },
}

fn read_ttl(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).unwrap_or_default();
    let number: i64 = number.parse().map_err(|_| "30d, 12h, 15m".to_owned())?;
    let ttl = match unit {
        "d" => Duration::try_days(number),
        "h" => Duration::try_hours(number),
        "m" => Duration::try_minutes(number),
        "s" => Duration::try_seconds(number),
        _ => None,
    };
    ttl.filter(|ttl| *ttl > Duration::zero() && *ttl <= Duration::days(TTL_MAX_DAYS))
        .ok_or_else(|| format!("1s..{TTL_MAX_DAYS}d"))
}

/// Runs `sira token`.
pub async fn run(config: &Config, args: TokenArgs, say: Say) -> Result<(), CliError> {
    with_open(config, say, async |opened| {
        let failed = |error| CliError::failed("token", error);
        match args.action {
            Action::Issue { actor, role, region, office, fund, ttl } => {
                let scope = scope_of(region, office, fund);
                println!("{}", opened.tokens.issue(actor, role, scope, ttl).await.map_err(failed)?);
                Ok(())
            }
            Action::List => {
                let mut page = opened.tokens.list(None).await.map_err(failed)?;
                while let Some(last) = page.last() {
                    let before = Uuid::try_parse(&last.token_id).ok();
                    page.iter().for_each(print);
                    page = opened.tokens.list(before).await.map_err(failed)?;
                }
                Ok(())
            }
            Action::Revoke { id } => {
                if opened.tokens.revoke(id, None).await.map_err(failed)? {
                    say.note("Jeton révoqué.", "Token revoked.");
                    return Ok(());
                }
                let what = say
                    .pick("aucun jeton valable n'a cet identifiant", "no valid token has this id");
                Err(CliError::IsFalse(what.to_owned()))
            }
        }
    })
    .await
}

fn print(token: &IssuedToken) {
    let IssuedToken { token_id, actor, role, scope, expires_at, revoked_at, .. } = token;
    let state = revoked_at.as_ref().map_or_else(String::new, |at| format!("  revoked {}", at.0));
    println!("{token_id}  {actor:<24} {role:<10} {}  {scope}{state}", expires_at.0);
}

fn scope_of(regions: Vec<RegionCode>, offices: Vec<OfficeCode>, funds: Vec<Uuid>) -> Scope {
    if !regions.is_empty() {
        Scope::Regions(regions)
    } else if !offices.is_empty() {
        Scope::Offices(offices)
    } else if !funds.is_empty() {
        Scope::Funds(funds.into_iter().map(FundId).collect())
    } else {
        Scope::All
    }
}
