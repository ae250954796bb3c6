//! The work that both sides do: a path of eight commands, over and over.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::Failure;
use crate::client::{Connection, post};

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

impl Target {
    fn text(&self, plain: &str) -> String {
        self.sealed.clone().unwrap_or_else(|| plain.to_owned())
    }

    /// The body of a registration.
    pub fn registration(&self) -> String {
        let programme = &self.programme;
        let person = r#"{"name":"Personne Inventée","phone":"70000000","locality":"Pélengana"}"#;
        let (identity, reference) = match &self.sealed {
            // `1` in base 32 has the check character 1.
            Some(sealed) => (format!("\"{sealed}\""), r#","reference":"0000-0001-1""#),
            None => (person.to_owned(), ""),
        };
        format!(
            r#"{{"programme":"{programme}","office":"segou","region":"segou","cercle":"Ségou","intake":"open_call","channel":"office","sex":"female","birth_year":1999,"education":"2","displaced":false,"consent":{{"scope":"programme","text_version":"fr-1","method":"written"}},"identity":{identity}{reference}}}"#
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

/// Commands done, and the latency of each.
type Done = (u64, Histogram<u64>);

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
    let (mut count, mut micros) = (0, Histogram::new(3)?);
    while let Some(caller) = callers.join_next().await {
        let (done, latencies) = caller??;
        count += done;
        micros.add(latencies)?;
    }
    Ok(((count, micros), begun.elapsed()))
}

async fn walk(target: &Target, until: Instant) -> Result<Done, Failure> {
    let mut connection = Connection::open(target.port).await?;
    let (mut count, mut micros) = (0, Histogram::new(3)?);
    let registration = post("/v1/beneficiaries", &target.adviser, &target.registration());
    let steps = target.steps();
    while Instant::now() < until {
        let answer = timed(&mut connection, &registration, 201, &mut micros).await?;
        count += 1;
        let id = answer.split("\"id\":\"").nth(1).and_then(|rest| rest.get(..36));
        let id = id.ok_or("no id in the answer")?.to_owned();
        for (word, body, by_committee) in &steps {
            if Instant::now() >= until {
                break;
            }
            let token = if *by_committee { &target.committee } else { &target.adviser };
            let request = post(&format!("/v1/beneficiaries/{id}/commands/{word}"), token, body);
            timed(&mut connection, &request, 200, &mut micros).await?;
            count += 1;
        }
    }
    Ok((count, micros))
}

async fn timed(
    connection: &mut Connection,
    request: &[u8],
    expected: u16,
    micros: &mut Histogram<u64>,
) -> Result<String, Failure> {
    let begun = Instant::now();
    let (status, body) = connection.send(request).await?;
    let body = std::str::from_utf8(body)?.to_owned();
    if status != expected {
        return Err(format!("{status} instead of {expected}: {body}").into());
    }
    micros.record(u64::try_from(begun.elapsed().as_micros())?.max(1))?;
    Ok(body)
}
