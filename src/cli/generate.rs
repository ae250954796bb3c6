//! `sira generate`: an invented population into an empty journal.

use std::time::Instant;

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};

use super::CliError;
use crate::app::{Opened, open_at};
use crate::clock::Clock;
use crate::config::Config;
use crate::generate::{
    CASES_MAX, GenerateError, Generated, GenerationProgress, Population, generate,
};
use crate::say::Say;

/// Arguments of `sira generate`.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// People who register / Personnes qui s'inscrivent
    #[arg(long, value_parser = people)]
    cases: u64,
    /// Seed: the same one gives the same population / Graine : la même donne la même population
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// First day that is not simulated any more [default: today] / Premier jour qui n'est plus simulé
    /// [défaut : aujourd'hui]
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
}

fn people(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (1..=CASES_MAX).contains(number));
    number.ok_or_else(|| format!("1..{CASES_MAX}"))
}

/// Generates.
///
/// # Errors
/// Status 2 when the journal holds anything else, or the end is to come; 3 when a database fails.
pub async fn run(config: &Config, args: GenerateArgs, say: Say) -> Result<(), CliError> {
    let until = end_of(args.until, say)?;
    let population = Population { cases: args.cases, seed: args.seed, until };
    let started = Instant::now();
    let generated = fill(config, population, say).await?;
    summarise(&generated, started.elapsed().as_secs_f64(), say);
    Ok(())
}

/// The end must not be to come, or what is recorded next would be recorded in the future too.
fn end_of(given: Option<NaiveDate>, say: Say) -> Result<NaiveDate, CliError> {
    let today = Clock::System.now().date_naive();
    let until = given.unwrap_or(today);
    let earliest = Population::earliest_end();
    if (earliest..=today).contains(&until) {
        return Ok(until);
    }
    let fr = format!("--until : une date du {earliest} au {today}");
    let en = format!("--until: a date from {earliest} to {today}");
    Err(CliError::Usage(say.pick(&fr, &en).to_owned()))
}

/// Generates into the journal of a configuration, under a clock of its own.
pub(super) async fn fill(
    config: &Config,
    population: Population,
    say: Say,
) -> Result<Generated, CliError> {
    let clock = Clock::manual(Population::begins_at());
    let opened = open_at(config, clock.clone(), say).await?;
    let generated = fill_opened(&opened, &clock, population).await;
    opened.close().await;
    generated.map_err(|error| refused(error, say))
}

async fn fill_opened(
    opened: &Opened,
    clock: &Clock,
    population: Population,
) -> Result<Generated, GenerateError> {
    let bar = progress_bar();
    let commands = &opened.commands;
    let generated = generate(commands.journal(), commands.keys(), clock, population, |at| {
        show(&bar, at);
    });
    let generated = generated.await;
    bar.finish_and_clear();
    generated
}

/// Draws itself on a terminal alone.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent} % {msg} {eta}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, at: GenerationProgress) {
    bar.set_length(at.total);
    bar.set_position(at.done);
    bar.set_message(format!("{} ev.", at.events));
}

fn refused(error: GenerateError, say: Say) -> CliError {
    let text = match &error {
        GenerateError::NotEmpty { position } => Some((
            format!(
                "ce journal contient déjà {position} événements : des personnes inventées ne se mêlent jamais à \
                 d'autres. Prenez un journal vide (SIRA_DATA_DIR, SIRA_DATABASE_URL)"
            ),
            format!(
                "this journal already holds {position} events: invented people are never mixed with others. Take \
                 an empty journal (SIRA_DATA_DIR, SIRA_DATABASE_URL)"
            ),
        )),
        GenerateError::OtherPopulation { found } => Some((
            format!(
                "ce journal contient une autre population inventée ({found}) : prenez un journal vide"
            ),
            format!(
                "this journal holds another invented population ({found}): take an empty journal"
            ),
        )),
        GenerateError::Unfinished => Some((
            "une génération commencée ici ne s'est pas achevée : prenez un journal vide".to_owned(),
            "a generation that was begun here did not end: take an empty journal".to_owned(),
        )),
        _ => None,
    };
    match text {
        Some((fr, en)) => CliError::Usage(say.pick(&fr, &en).to_owned()),
        None => {
            CliError::failed(say.pick("la génération a échoué", "the generation failed"), error)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
fn summarise(generated: &Generated, seconds: f64, say: Say) {
    let Generated { cases, events, most_on_the_way, refusals, already_there } = generated;
    if *already_there {
        say.note(
            &format!("Cette population est déjà là : {events} événements."),
            &format!("This population is there already: {events} events."),
        );
        return;
    }
    let rate = *events as f64 / seconds.max(0.001);
    let refused: u64 = refusals.values().sum();
    let fr = format!(
        "{cases} personnes inventées, {events} événements en {seconds:.1} s ({rate:.0}/s) ; au plus \
         {most_on_the_way} parcours en cours à la fois ; {refused} demandes refusées par les règles."
    );
    let en = format!(
        "{cases} invented people, {events} events in {seconds:.1} s ({rate:.0}/s); at most {most_on_the_way} \
         paths on the way at once; {refused} requests refused by the rules."
    );
    say.note(&fr, &en);
    for ((word, rule), count) in refusals {
        tracing::debug!(word, rule, count, "refused in the simulation");
    }
}
