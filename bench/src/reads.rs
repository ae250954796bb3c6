//! The read side: a rebuild against copying the journal, how far live projections lag and what they
//! cost, figures and lists over large populations.

mod figures;
mod live;
mod rebuild;

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

pub use figures::{FiguresArgs, figures};
pub use live::{LiveArgs, live};
pub use rebuild::{RebuildArgs, rebuild};

use crate::Failure;
use crate::client::{Connection, get};

/// Asks for each path so many times in turn over one connection; the latencies of each, in microseconds.
async fn ask(
    port: u16,
    token: &str,
    paths: &[String],
    times: usize,
) -> Result<Vec<Histogram<u64>>, Failure> {
    let mut connection = Connection::open(port).await?;
    let mut latencies = Vec::new();
    for path in paths {
        let (request, mut micros) = (get(path, token), Histogram::new(3)?);
        for _ in 0..times {
            let begun = Instant::now();
            let (status, body) = connection.send(&request).await?;
            if status != 200 {
                return Err(format!("{path}: {status} {}", String::from_utf8_lossy(body)).into());
            }
            micros.record(micros_of(begun.elapsed()))?;
        }
        latencies.push(micros);
    }
    Ok(latencies)
}

fn micros_of(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "latencies of a bench")]
fn ms(micros: &Histogram<u64>, quantile: f64) -> f64 {
    micros.value_at_quantile(quantile) as f64 / 1_000.0
}
