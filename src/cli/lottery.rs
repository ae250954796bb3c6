//! `sira lottery verify`: a lottery is drawn again, from the journal or from a list and a seed.

use std::path::{Path, PathBuf};

use sira_domain::programme::{Programme, ProgrammeEvent, ProgrammeFact, lottery};
use sira_domain::values::Slug;
use sira_evidence::leaf::hex;
use sira_numbers::{Version, at_most};
use uuid::Uuid;

use super::CliError;
use crate::app::{journal_config, open_as_it_is};
use crate::commands::stream_id;
use crate::config::Config;
use crate::say::Say;
use crate::stored::read_event;

/// Longest list: the entries of one lottery, one a line.
const LIST_MAX_BYTES: u64 = 512 * 1024;

/// Arguments of `sira lottery`.
#[derive(Debug, clap::Args)]
pub struct LotteryArgs {
    #[command(subcommand)]
    command: LotteryCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LotteryCommand {
    /// Draw a lottery again, and compare. / Refait un tirage au sort, et compare.
    Verify(VerifyLotteryArgs),
}

/// Arguments of `sira lottery verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyLotteryArgs {
    /// The programme whose lotteries are drawn again, from the journal. / Le programme dont les tirages sont
    /// refaits, depuis le journal.
    #[arg(long, required_unless_present = "entries", conflicts_with_all = ["entries", "seed", "places"])]
    programme: Option<Uuid>,
    /// One lottery alone. / Un seul tirage.
    #[arg(long, requires = "programme")]
    session: Option<Slug>,
    /// A file with the ids that were entered, one a line: no database is needed. / Un fichier des identifiants
    /// inscrits, un par ligne, sans base.
    #[arg(long, requires = "seed", requires = "places")]
    entries: Option<PathBuf>,
    /// The text that was drawn in public. / Le texte tiré en public.
    #[arg(long)]
    seed: Option<String>,
    /// Number of places. / Nombre de places.
    #[arg(long)]
    places: Option<u32>,
    /// A file with the ids in the order that was announced, to compare. / Un fichier des identifiants dans
    /// l'ordre annoncé, à comparer.
    #[arg(long, requires = "entries")]
    result: Option<PathBuf>,
    /// The result as JSON, one lottery a line. / Le résultat en JSON, un tirage par ligne.
    #[arg(long)]
    json: bool,
}

/// Runs `sira lottery`.
pub async fn run(config: &Config, args: LotteryArgs, say: Say) -> Result<(), CliError> {
    let LotteryCommand::Verify(args) = args.command;
    let holds = match (&args.entries, args.programme) {
        (Some(entries), _) => of_files(entries, &args, say)?,
        (None, Some(programme)) => of_journal(config, programme, &args, say).await?,
        (None, None) => return Err(CliError::Usage("--programme | --entries".to_owned())),
    };
    if holds {
        return Ok(());
    }
    let what = say.pick(
        "un tirage refait ne donne pas le résultat enregistré",
        "a lottery drawn again does not come to the recorded result",
    );
    Err(CliError::IsFalse(what.to_owned()))
}

fn of_files(entries: &Path, args: &VerifyLotteryArgs, say: Say) -> Result<bool, CliError> {
    let entries = read_ids(entries, say)?;
    let ranked = lottery::rank(&entries, args.seed.as_deref().unwrap_or_default());
    let places = at_most(args.places.unwrap_or_default().into(), ranked.len());
    let announced = args.result.as_deref().map(|file| read_ids(file, say)).transpose()?;
    let holds = announced.is_none_or(|announced| {
        // Who announces the drawn alone says nothing of the others.
        !announced.is_empty() && ranked.starts_with(&announced) && announced.len() >= places
    });
    if args.json {
        println!("{}", json(None, &ranked, places, holds));
    } else {
        for (rank, who) in (1_usize..).zip(&ranked) {
            let drawn = if rank <= places { say.pick("tiré", "drawn") } else { "" };
            println!("{rank:>5}  {who}  {drawn}");
        }
    }
    Ok(holds)
}

async fn of_journal(
    config: &Config,
    programme: Uuid,
    args: &VerifyLotteryArgs,
    say: Say,
) -> Result<bool, CliError> {
    let failed = |error| CliError::failed("journal", error);
    let journal = open_as_it_is(&journal_config(config), say).await?;
    let events = journal.read_stream(&stream_id::<Programme>(programme), Version::ZERO).await;
    journal.close().await;
    let mut folded = Programme::default();
    for recorded in events.map_err(failed)? {
        let event: ProgrammeEvent =
            read_event(&recorded).map_err(|error| CliError::failed("journal", error))?;
        folded.take(&event);
    }
    let (mut all, mut count) = (true, 0_u32);
    // A draw that was taken back is not told as one that stands.
    for (_, event) in folded.standing() {
        let ProgrammeFact::LotteryDrawn(draw) = &event.fact else { continue };
        if args.session.as_ref().is_some_and(|session| *session != draw.session) {
            continue;
        }
        let ranked = lottery::rank(&draw.entries, draw.seed.as_str());
        let places = at_most(draw.places.get().into(), ranked.len());
        let holds = ranked == draw.ranked;
        (all, count) = (all && holds, count + 1);
        if args.json {
            println!("{}", json(Some(&draw.session), &ranked, places, holds));
        } else {
            let verdict = if holds {
                say.pick("conforme", "as recorded")
            } else {
                say.pick("NON CONFORME", "NOT AS RECORDED")
            };
            let entered = ranked.len();
            println!("{}  {entered} -> {places}  {verdict}", draw.session);
        }
    }
    if count == 0 {
        let none = say.pick("aucun tirage au sort à ce nom", "no such lottery");
        return Err(CliError::IsFalse(none.to_owned()));
    }
    Ok(all)
}

fn json(session: Option<&Slug>, ranked: &[Uuid], places: usize, holds: bool) -> serde_json::Value {
    serde_json::json!({
        "session": session.map(ToString::to_string), "holds": holds, "places": places,
        "entered": ranked.len(), "list_sha256": hex(&lottery::list_digest(ranked)),
        "result_sha256": hex(&lottery::result_digest(ranked)),
    })
}

fn read_ids(path: &Path, say: Say) -> Result<Vec<Uuid>, CliError> {
    let place = path.display().to_string();
    let failed = |error| CliError::failed(place.clone(), error);
    if std::fs::metadata(path).map_err(failed)?.len() > LIST_MAX_BYTES {
        return Err(CliError::Usage(format!("{place}: > {LIST_MAX_BYTES}")));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let ids = (1_usize..).zip(lines).map(|(number, line)| {
        let wrong = || {
            let what = say.pick("ce n'est pas un identifiant", "this is no id");
            CliError::Usage(format!("{place}:{number}: {what}"))
        };
        Uuid::try_parse(line).map_err(|_| wrong())
    });
    ids.collect()
}
