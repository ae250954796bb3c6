//! `sira token`.

use chrono::Duration;
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, FundId, OfficeCode, ProgrammeId};
use uuid::Uuid;

use super::CliError;
use crate::app::{Opened, with_open, with_read};
use crate::config::Config;
use crate::grant::AskedScope;
use crate::say::Say;
use crate::token::{IssuedToken, listed_tokens};

/// Longest life of a token, in days: a year of a contract, with time to renew it. One that is lost and not
/// revoked works until its end.
const TTL_MAX_DAYS: i64 = 400;

/// Longest reason for exact figures, in characters.
const REASON_MAX_CHARS: usize = 300;

/// Arguments of `sira token`.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print a new signed token. / Émet un jeton signé.
    Issue {
        /// Who acts: `a-z 0-9 . _ @ -`. / Qui agit : `a-z 0-9 . _ @ -`.
        #[arg(long)]
        actor: ActorId,
        /// The role: adviser, trainer, committee, finance, director, analyst, auditor, donor or admin. / Le
        /// rôle : adviser, trainer, committee, finance, director, analyst, auditor, donor ou admin.
        #[arg(long)]
        role: Role,
        /// The role reaches everything. / Le rôle s'étend à tout.
        #[arg(long)]
        all: bool,
        /// Region that the role reaches; may be repeated. / Région ; peut se répéter.
        #[arg(long, conflicts_with = "all")]
        region: Vec<RegionCode>,
        /// Office that the role reaches; may be repeated. / Antenne ; peut se répéter.
        #[arg(long, conflicts_with_all = ["all", "region"])]
        office: Vec<OfficeCode>,
        /// Programme of the offices, where several have them. / Programme des antennes.
        #[arg(long, requires = "office")]
        programme: Option<Uuid>,
        /// Fund that a donor sees; may be repeated. / Fonds du bailleur ; peut se répéter.
        #[arg(long, conflicts_with_all = ["all", "region", "office"])]
        fund: Vec<Uuid>,
        /// Why an analyst is told exact figures, which equal personal data: each question is recorded. / Motif
        /// des chiffres exacts d'un analyste, qui valent des données personnelles : chaque question est consignée.
        #[arg(long, value_name = "REASON", value_parser = read_reason)]
        exact_figures: Option<String>,
        /// How long it is good for, such as `30d`, `12h` or `15m`. / Durée de validité, par exemple `30d`
        /// (jours), `12h` ou `15m`.
        #[arg(long, default_value = "30d", value_parser = read_ttl)]
        ttl: Duration,
    },
    /// List every token. / Liste les jetons.
    List,
    /// Revoke a token, for good. / Révoque un jeton, pour de bon.
    Revoke {
        /// The token's id, as listed. / L'identifiant du jeton, tel qu'il est listé.
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

/// A reason for exact figures: a text that says something.
fn read_reason(text: &str) -> Result<String, String> {
    let reason = text.trim();
    let is_said = (3..=REASON_MAX_CHARS).contains(&reason.chars().count())
        && !reason.chars().any(char::is_control);
    if is_said { Ok(reason.to_owned()) } else { Err(format!("3..{REASON_MAX_CHARS}")) }
}

/// The list lies beside the journal: no key is needed to read it.
async fn list(opened: &Opened, say: Say) -> Result<(), CliError> {
    let journal = opened.commands.journal();
    let failed = |error| CliError::failed("token", error);
    let mut page = listed_tokens(journal, None).await.map_err(failed)?;
    while let Some(last) = page.last() {
        let before = Uuid::try_parse(&last.token_id).ok();
        for token in &page {
            print(token, say);
        }
        page = listed_tokens(journal, before).await.map_err(failed)?;
    }
    Ok(())
}

/// Runs `sira token`.
pub async fn run(config: &Config, args: TokenArgs, say: Say) -> Result<(), CliError> {
    if matches!(args.action, Action::List) {
        return with_read(config, say, async |opened| list(opened, say).await).await;
    }
    with_open(config, say, async |opened| {
        let failed = |error| CliError::failed("token", error);
        match args.action {
            Action::Issue {
                actor,
                role,
                all,
                region,
                office,
                programme,
                fund,
                exact_figures,
                ttl,
            } => {
                if exact_figures.is_some() && role != Role::Analyst {
                    let what = say.pick(
                        "seul un analyste reçoit des chiffres exacts par ce choix",
                        "exact figures are granted to an analyst alone",
                    );
                    return Err(CliError::IsFalse(what.to_owned()));
                }
                if !actor.is_own() {
                    let what = say.pick(
                        "ce nom est celui d'un émetteur ou de la ligne de commande",
                        "this name is an issuer's or the command line's",
                    );
                    return Err(CliError::IsFalse(what.to_owned()));
                }
                let asked = AskedScope {
                    all,
                    regions: region,
                    programme: programme.map(ProgrammeId),
                    offices: office,
                    funds: fund.into_iter().map(FundId).collect(),
                };
                let known = opened.commands.known_places().await;
                let known = known.map_err(|error| CliError::failed("token", error))?;
                let scope = asked.resolve(role, &known);
                let scope = scope.map_err(|error| CliError::IsFalse(error.detail(say.0)))?;
                let exact = exact_figures.as_deref();
                let issued = opened.tokens()?.issue_exact(actor, role, scope, ttl, exact).await;
                println!("{}", issued.map_err(failed)?);
                Ok(())
            }
            Action::List => list(opened, say).await,
            Action::Revoke { id } => {
                if opened.tokens()?.revoke(id, None).await.map_err(failed)? {
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

fn print(token: &IssuedToken, say: Say) {
    let IssuedToken { token_id, actor, role, scope, expires_at, revoked_at, exact_figures, .. } =
        token;
    let word = say.pick("révoqué le", "revoked");
    let exactly = say.pick("exacts", "exact");
    let exact =
        exact_figures.as_ref().map_or_else(String::new, |why| format!("  {exactly}: {why}"));
    let state = revoked_at.as_ref().map_or_else(String::new, |at| format!("  {word} {}", at.0));
    println!("{token_id}  {actor:<24} {role:<10} {}  {scope}{exact}{state}", expires_at.0);
}
