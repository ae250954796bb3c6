//! The work that both sides do: a path of eight commands, over and over.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::Failure;
use crate::client::{Connection, post};

/// Commands of one path in a batch.
const BATCH_PATH: usize = 8;

/// People invented so far.
static PEOPLE: AtomicU64 = AtomicU64::new(1);

/// Where the work is sent, and as whom.
#[derive(Clone)]
pub struct Target {
    /// Port on this machine.
    pub port: u16,
    /// The programme to register in.
    pub programme: String,
    /// Token of an adviser.
    pub adviser: String,
    /// Token of a committee member: whoever interviewed does not decide.
    pub committee: String,
    /// A sealed text to send instead of a plain one, for the yardstick that does not seal.
    pub sealed: Option<String>,
}

/// Two invented words, different for nearly every number.
fn invented_name(number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ko", "mi", "su", "ra", "te", "lo", "fa", "ni", "du", "we", "ya", "gi", "po", "ke",
        "zo",
    ];
    let mut drawn = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut word = || {
        let mut text = String::new();
        for _ in 0..4 {
            drawn = drawn.rotate_left(4);
            text.push_str(SYLLABLES[usize::try_from(drawn % 16).unwrap_or_default()]);
        }
        text
    };
    format!("{} {}", word(), word())
}

impl Target {
    fn text(&self, plain: &str) -> String {
        self.sealed.clone().unwrap_or_else(|| plain.to_owned())
    }

    /// The body of a registration.
    pub fn registration(&self) -> String {
        let programme = &self.programme;
        // Each one another person: a population of one name, phone and year is nobody's.
        let number = PEOPLE.fetch_add(1, Ordering::Relaxed);
        let phone = 70_000_000 + number % 9_000_000;
        let name = invented_name(number);
        let person = format!(r#"{{"name":"{name}","phone":"{phone}","locality":"Pélengana"}}"#);
        let birth_year = 1988 + number % 20;
        let (identity, reference) = match &self.sealed {
            // `1` in base 32 has the check character 1.
            Some(sealed) => (format!("\"{sealed}\""), r#","reference":"0000-0001-1""#),
            None => (person, ""),
        };
        format!(
            r#"{{"programme":"{programme}","office":"segou","region":"segou","cercle":"Ségou","intake":"open_call","channel":"office","sex":"female","birth_year":{birth_year},"education":"2","displaced":false,"consent":{{"scope":"programme","text_version":"fr-1","method":"written"}},"identity":{identity}{reference}}}"#
        )
    }

    /// The commands after registration: word, body, and whether the committee gives it.
    fn steps(&self) -> Vec<(&'static str, String, bool)> {
        let (title, text) =
            (self.text("Transformation du karité"), self.text("Vue au marché, tout va bien."));
        let income = |year: u32, amount: u32| {
            format!(
                r#"{{"survey":"baseline","from":"{year}-01-01","to":"{year}-12-31","amount":{amount},"source":"declared_total"}}"#
            )
        };
        vec![
            ("submit-idea", format!(r#"{{"title":"{title}","sector":"C","start_up_cost":450000,"jobs_expected":3}}"#), false),
            ("assess-eligibility", "{}".to_owned(), false),
            (
                "record-interview",
                r#"{"scores":[{"criterion":"motivation","score":16,"out_of":20},{"criterion":"viability","score":55,"out_of":80}]}"#.to_owned(),
                false,
            ),
            ("decide-selection", r#"{"decision":"selected","method":"committee","session":"2026-02"}"#.to_owned(), true),
            ("add-note", format!(r#"{{"text":"{text}"}}"#), false),
            ("record-income", income(2024, 240_000), false),
            ("record-income", income(2025, 310_000), false),
        ]
    }
}

/// What was done, and the latency of each in microseconds.
pub type Done = (u64, Histogram<u64>);

/// What all callers did together, once the last has ended.
pub async fn gathered(mut callers: JoinSet<Result<Done, Failure>>) -> Result<Done, Failure> {
    let (mut count, mut micros) = (0, Histogram::new(3)?);
    while let Some(caller) = callers.join_next().await {
        let (done, latencies) = caller??;
        count += done;
        micros.add(latencies)?;
    }
    Ok((count, micros))
}

/// Walks paths over `connections` connections for `time`.
pub async fn round(
    target: &Target,
    connections: usize,
    time: Duration,
) -> Result<(Done, Duration), Failure> {
    let mut callers = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..connections {
        let target = target.clone();
        callers.spawn(async move { walk(&target, begun + time).await });
    }
    Ok((gathered(callers).await?, begun.elapsed()))
}

/// Sends batches of so many commands from so many callers for `time`; the latencies are those of whole batches.
pub async fn batches(
    target: &Target,
    callers: usize,
    size: usize,
    time: Duration,
) -> Result<(Done, Duration), Failure> {
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..callers {
        let target = target.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(target.port).await?;
            let (mut count, mut micros) = (0, Histogram::new(3)?);
            while begun.elapsed() < time {
                let batch = target.batch(size);
                let started = Instant::now();
                let (status, body) = connection.send(&batch).await?;
                let done = std::str::from_utf8(body)?.matches("\"answer\":").count();
                if status != 200 || done != size {
                    return Err(format!("{status}: {}", String::from_utf8_lossy(body)).into());
                }
                micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
                count += size as u64;
            }
            Ok::<_, Failure>((count, micros))
        });
    }
    Ok((gathered(tasks).await?, begun.elapsed()))
}

/// A path under way, a command at a time; another begins where it ends.
pub struct Walk {
    target: Target,
    steps: Vec<(&'static str, String, bool)>,
    /// The path and the next of its steps.
    at: Option<(String, usize)>,
}

impl Target {
    /// A batch of so many commands of the adviser's: paths of eight, as many as are needed.
    fn batch(&self, size: usize) -> Vec<u8> {
        let steps = self.steps();
        let mut lines = String::new();
        // A batch's keys are its own.
        let batch = PEOPLE.fetch_add(1, Ordering::Relaxed);
        for place in 0..size {
            let (path, step) = (place / BATCH_PATH, place % BATCH_PATH);
            let (address, label, body) = match step.checked_sub(1) {
                None => (
                    "/v1/beneficiaries".to_owned(),
                    format!(r#""as":"p{path}","#),
                    self.registration(),
                ),
                Some(step) => {
                    // The committee's decision is another caller's: a second note stands for it.
                    let step = steps.get(step).filter(|step| !step.2).unwrap_or(&steps[4]);
                    let (word, body, _) = step;
                    let address = format!("/v1/beneficiaries/@p{path}/commands/{word}");
                    (address, String::new(), body.clone())
                }
            };
            let _ = writeln!(
                lines,
                r#"{{"path":"{address}",{label}"idempotency_key":"b{batch}-{place}","body":{body}}}"#
            );
        }
        let length = lines.len();
        let token = &self.adviser;
        format!(
            "POST /v1/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: \
             application/x-ndjson\r\ncontent-length: {length}\r\n\r\n{lines}"
        )
        .into_bytes()
    }

    /// A walk that begins with a registration.
    pub fn walk(&self) -> Walk {
        Walk { target: self.clone(), steps: self.steps(), at: None }
    }
}

impl Walk {
    /// Sends the next command, which must be carried out; its answer.
    pub async fn step(&mut self, connection: &mut Connection) -> Result<String, Failure> {
        let target = &self.target;
        let (request, expected) = match &self.at {
            None => (post("/v1/beneficiaries", &target.adviser, &target.registration()), 201),
            Some((id, place)) => {
                let (word, body, by_committee) = &self.steps[*place];
                let token = if *by_committee { &target.committee } else { &target.adviser };
                (post(&format!("/v1/beneficiaries/{id}/commands/{word}"), token, body), 200)
            }
        };
        let (status, body) = connection.send(&request).await?;
        let answer = std::str::from_utf8(body)?.to_owned();
        if status != expected {
            return Err(format!("{status} instead of {expected}: {answer}").into());
        }
        self.at = match self.at.take() {
            None => {
                let id = answer.split("\"id\":\"").nth(1).and_then(|rest| rest.get(..36));
                Some((id.ok_or("no id in the answer")?.to_owned(), 0))
            }
            Some((id, place)) => (place + 1 < self.steps.len()).then_some((id, place + 1)),
        };
        Ok(answer)
    }
}

async fn walk(target: &Target, until: Instant) -> Result<Done, Failure> {
    let mut connection = Connection::open(target.port).await?;
    let (mut count, mut micros) = (0, Histogram::new(3)?);
    let mut walk = target.walk();
    while Instant::now() < until {
        let begun = Instant::now();
        walk.step(&mut connection).await?;
        micros.record(u64::try_from(begun.elapsed().as_micros())?.max(1))?;
        count += 1;
    }
    Ok((count, micros))
}
