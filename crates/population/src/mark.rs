//! What a journal says of itself: that its people are invented, and which population it is.

use sira_journal::{Journal, JournalError};
use sira_numbers::Position;

use crate::Population;
use crate::error::GenerateError;

/// The setting that names the population; set before the first event.
const POPULATION: &str = "generated_population";
/// The setting that holds the last position of a population that is whole.
const COMPLETE: &str = "generated_to";

/// Where a journal stands with a population.
pub(crate) enum MarkState {
    /// Nothing is in it.
    Empty,
    /// All of it is there, and nothing else: its last position.
    Whole(Position),
}

impl Population {
    fn word(&self) -> String {
        format!("cases={} seed={} until={}", self.cases, self.seed, self.until)
    }
}

/// The population that a journal says it holds: size, seed and end, for people to read.
///
/// # Errors
/// When the journal cannot be read.
pub async fn population_of(journal: &Journal) -> Result<Option<String>, JournalError> {
    journal.setting(POPULATION).await
}

/// Looks whether the journal may take the population, and marks it.
///
/// # Errors
/// [`GenerateError::NotEmpty`], [`GenerateError::OtherPopulation`], [`GenerateError::Unfinished`], or
/// the journal's failure.
pub(crate) async fn claim(
    journal: &Journal,
    population: &Population,
) -> Result<MarkState, GenerateError> {
    let position = journal.head().await?.position;
    let found = population_of(journal).await?;
    let whole = journal.setting(COMPLETE).await?.and_then(|text| text.parse::<Position>().ok());
    match (found, whole) {
        (None, _) if position > Position::START => Err(GenerateError::NotEmpty { position }),
        (Some(found), _) if found != population.word() => {
            Err(GenerateError::OtherPopulation { found })
        }
        (_, Some(whole)) if whole == position => Ok(MarkState::Whole(whole)),
        (_, Some(_)) => Err(GenerateError::NotEmpty { position }),
        (Some(_), None) if position > Position::START => Err(GenerateError::Unfinished),
        _ => {
            // Before the first event: a crash leaves a journal that says what its people are.
            let found = journal.set_once(POPULATION, &population.word()).await?;
            if found == population.word() {
                Ok(MarkState::Empty)
            } else {
                Err(GenerateError::OtherPopulation { found })
            }
        }
    }
}

/// All of it is there.
pub(crate) async fn complete(journal: &Journal, position: Position) -> Result<(), GenerateError> {
    journal.set_once(COMPLETE, &position.to_string()).await?;
    Ok(())
}
