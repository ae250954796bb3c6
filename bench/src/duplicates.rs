//! Registrations with and without the check for duplicates, and how long until the worklist is whole.
//!
//! The people are made of syllables, the same in every run: a few family names for most of them, as
//! in Mali, villages, shared phones, and one row in a hundred that tells an earlier person again in
//! another spelling.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use sira::clock::Clock;
use sira::commands::{Call, Commands};
use sira::grant::Scope;
use sira::journal::{Journal, JournalConfig};
use sira::keys::{KeyStore, MasterKey};
use sira::read_side::{DuplicateFinder, OpenedKeys, start_projections};
use sira_domain::programme::Programme;
use sira_domain::role::Role;
use sira_projections::ReadStore;
use sira_projections::case_identity::{self, Reach};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::cluster::Cluster;
use crate::{Engine, Failure};

/// Rows on their way at once, as in `sira import`.
const ROWS_AT_ONCE: usize = 128;
/// Memory for streams, as `sira serve` has it.
const CACHE_BYTES: u64 = 512 << 20;
/// One row in this many tells an earlier person again.
const TOLD_AGAIN_EVERY: u64 = 100;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct DuplicatesArgs {
    /// Engine.
    #[arg(long, default_value = "sqlite")]
    engine: Engine,
    /// Registrations.
    #[arg(long, default_value_t = 100_000)]
    people: u64,
}

/// Runs it.
pub async fn run(args: DuplicatesArgs) -> Result<(), Failure> {
    let cluster = match args.engine {
        Engine::Postgres => Some(Cluster::start()?),
        Engine::Sqlite => None,
    };
    println!("== {} registrations, {:?}, {ROWS_AT_ONCE} at once", args.people, args.engine);
    let plain = Side::open(cluster.as_ref(), "plain").await?;
    let took = plain.register(args.people).await?;
    report("without the check", args.people, took);
    // What a server that starts after an import has to do.
    let started = Instant::now();
    plain.catch_up().await?;
    report("projection alone, from nothing", args.people, started.elapsed());
    plain.count_pairs().await?;

    let mut checked = Side::open(cluster.as_ref(), "checked").await?;
    checked.propose();
    let runner =
        start_projections(checked.commands.journal(), checked.commands.keys(), &checked.read);
    let took = checked.register(args.people).await?;
    report("with the check, projection running", args.people, took);
    let started = Instant::now();
    checked.wait().await?;
    println!("worklist whole after another {:.1} s", started.elapsed().as_secs_f64());
    runner.stop().await;
    checked.count_pairs().await?;
    Ok(())
}

fn report(what: &str, people: u64, took: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a figure to print")]
    let rate = people as f64 / took.as_secs_f64();
    println!("{what}: {:.1} s, {rate:.0} a second", took.as_secs_f64());
}

/// One journal with its keys and its read side.
pub struct Side {
    pub commands: Commands,
    pub read: ReadStore,
    pub programme: String,
    _directory: tempfile::TempDir,
}

impl Side {
    pub async fn open(cluster: Option<&Cluster>, name: &str) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let file = |name: &str| format!("sqlite:{}", directory.path().join(name).display());
        let urls = match cluster {
            Some(cluster) => {
                let url = cluster.database(name).await?;
                [url.clone(), url.clone(), url]
            }
            None => ["journal.db", "keys.db", "read.db"].map(file),
        };
        let [journal, keys, read] = urls;
        let config = JournalConfig::new(&journal);
        Journal::migrate(&config).await?;
        let journal = Journal::open(&config, Clock::System).await?;
        let master = MasterKey::from_text(&"5a".repeat(32))?;
        let keys = KeyStore::open(&keys, master, Clock::System).await?;
        let read = ReadStore::open(&read).await?;
        let commands = Commands::new(journal, keys, Clock::System, CACHE_BYTES);
        let programme = sign(&commands).await?;
        Ok(Self { commands, read, programme, _directory: directory })
    }

    fn propose(&mut self) {
        let keys = OpenedKeys::new(self.commands.keys().clone());
        let finder = DuplicateFinder::new(self.read.clone(), keys);
        self.commands = self.commands.clone().proposing(finder);
    }

    async fn register(&self, people: u64) -> Result<Duration, Failure> {
        let started = Instant::now();
        let mut under_way = JoinSet::new();
        let programme: Arc<str> = self.programme.as_str().into();
        for number in 0..people {
            if under_way.len() >= ROWS_AT_ONCE
                && let Some(done) = under_way.join_next().await
            {
                done??;
            }
            let (commands, programme) = (self.commands.clone(), programme.clone());
            under_way.spawn(async move {
                commands.register(None, registration(number, &programme), call()?).await?;
                Ok::<_, Failure>(())
            });
        }
        while let Some(done) = under_way.join_next().await {
            done??;
        }
        Ok(started.elapsed())
    }

    pub async fn catch_up(&self) -> Result<(), Failure> {
        let runner = start_projections(self.commands.journal(), self.commands.keys(), &self.read);
        self.wait().await?;
        runner.stop().await;
        Ok(())
    }

    async fn wait(&self) -> Result<(), Failure> {
        let journal = self.commands.journal();
        let head = journal.head().await?.position;
        while self.read.position(journal.id(), case_identity::NAME).await? < head {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn count_pairs(&self) -> Result<(), Failure> {
        let (mut pairs, mut after) = (0, None);
        loop {
            let page = case_identity::duplicates(
                &self.read,
                self.commands.journal().id(),
                &Reach::All,
                after.as_ref(),
                case_identity::MAX_PAGE,
            )
            .await?;
            pairs += page.items.len();
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        println!("pairs in the worklist: {pairs}");
        Ok(())
    }
}

async fn sign(commands: &Commands) -> Result<String, Failure> {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let convention = json!({ "name": "Bench", "parties": [{ "name": "Bench", "role": "agency" }],
        "signed_on": "2021-07-06", "term_years": 30, "renewable": true });
    let programme = commands.begin::<Programme>(object(convention), call()?).await?.id;
    let office = json!({ "office": "segou-1", "name": "Bench", "region": "segou", "occurred_on": "2021-07-06" });
    commands.command::<Programme>(programme, "open-office", object(office), call()?).await?;
    Ok(programme.to_string())
}

pub fn call() -> Result<Call, Failure> {
    Ok(Call {
        actor: "bench".parse()?,
        role: Role::Director,
        scope: Scope::All,
        office: None,
        device: None,
        device_time: None,
        request_id: Uuid::now_v7().simple().to_string(),
        correlation_id: None,
        causation_id: None,
        client: None,
        occurred_on: None,
        backdating_reason: None,
        if_match: None,
        key: None,
        import: None,
    })
}

/// Draws that are the same in every run (splitmix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A name of syllables that is nobody's.
fn word(number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "zou", "ki", "lo", "fe", "gam", "vi", "rou", "tan", "mo", "du", "wi", "pe", "sal",
        "nou", "xo",
    ];
    let digits = number.to_le_bytes();
    let syllable = |digit: u8| SYLLABLES[usize::from(digit & 15)];
    format!("{}{}{}", syllable(digits[0]), syllable(digits[0] >> 4), syllable(digits[1]))
}

fn registration(number: u64, programme: &str) -> Map<String, Value> {
    let is_told_again = number % TOLD_AGAIN_EVERY == TOLD_AGAIN_EVERY - 1;
    let mut draws = Draws(if is_told_again { number - 50 } else { number });
    // Half of all people bear one of four family names, the others one of 400.
    let family = if draws.below(2) == 0 { draws.below(4) } else { 4 + draws.below(400) };
    let (family, given) = (word(family * 7), word(2_000 + draws.below(300)));
    let year = 1970 + draws.below(36);
    let (village, region) =
        (draws.below(2_000), if draws.below(2) == 0 { "segou" } else { "mopti" });
    let mut identity = json!({ "name": format!("{given} {family}"), "locality": word(village) });
    if draws.below(10) < 6 {
        // A phone serves two people in the mean.
        identity["phone"] = json!(format!("7{:07}", draws.below(60_000)));
    }
    if draws.below(10) < 3 {
        identity["nina"] = json!(format!(
            "{:014}A",
            10_000_000_000_000 + if is_told_again { number - 50 } else { number }
        ));
    }
    if is_told_again {
        let name = format!("{family} {given}").replace("ou", "u").to_uppercase();
        identity["name"] = json!(name);
    }
    let body = json!({
        "occurred_on": "2022-01-10", "programme": programme, "office": "segou-1", "region": region,
        "intake": "open_call", "channel": "office", "sex": "female", "birth_year": year,
        "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
        "identity": identity,
    });
    body.as_object().cloned().unwrap_or_default()
}
