//! `sira verify --second-reader`: every stream, read once more by somebody else's code.

use serde_json::json;

use super::verify::{printable, with_bar};
use super::{CliError, Say};
use crate::evidence::second_reader::{SecondReading, read_again};
use crate::journal::Journal;

/// Reads a journal a second time and says which streams differ.
///
/// # Errors
/// `IsFalse` when one does.
pub async fn run(journal: &Journal, json: bool, say: Say) -> Result<(), CliError> {
    let title = say.pick("seconde lecture", "second reading");
    let reading =
        with_bar(title, say, async |progress| read_again(journal, &progress).await).await?;
    if json {
        println!("{}", as_json(&reading));
    } else {
        print(&reading, say);
    }
    if reading.agrees() {
        return Ok(());
    }
    let count = reading.differences.len();
    let fr = format!("{count} flux diffèrent d'un lecteur à l'autre");
    let en = format!("{count} streams differ from one reader to the other");
    Err(CliError::IsFalse(say.pick(&fr, &en).to_owned()))
}

fn as_json(reading: &SecondReading) -> serde_json::Value {
    json!({
        "agrees": reading.agrees(),
        "reader": reading.reader,
        "streams": reading.streams,
        "events": reading.events,
        "differences": reading.differences,
    })
}

fn print(reading: &SecondReading, say: Say) {
    for difference in &reading.differences {
        println!("{}  {}", printable(&difference.stream), difference.kind.label(say.0));
    }
    let SecondReading { reader, streams, events, .. } = reading;
    let fr = format!(
        "{streams} flux, {events} événements, relus par {reader} sans le code de lecture du serveur"
    );
    let en = format!(
        "{streams} streams, {events} events, read again by {reader} without the server's loading code"
    );
    println!("{}", say.pick(&fr, &en));
    if reading.agrees() {
        println!("{}", say.pick("Tout concorde.", "Everything agrees."));
    }
}
