//! Rounds, medians, ratios.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Failure;

/// What one side did in its rounds.
pub struct Side {
    name: String,
    rates: Vec<f64>,
    micros: Histogram<u64>,
}

impl Side {
    /// A side with no round yet.
    pub fn new(name: &str) -> Result<Self, Failure> {
        Ok(Self { name: name.to_owned(), rates: Vec::new(), micros: Histogram::new(3)? })
    }

    /// Adds a round: how many, in how long, and each one's latency in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    pub fn add(
        &mut self,
        count: u64,
        took: Duration,
        micros: &Histogram<u64>,
    ) -> Result<(), Failure> {
        self.rates.push(count as f64 / took.as_secs_f64());
        self.micros.add(micros)?;
        Ok(())
    }

    /// The median round, per second.
    pub fn median(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(0.0)
    }

    /// The slowest but one in a hundred, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "latencies of a bench")]
    pub fn p99_ms(&self) -> f64 {
        self.micros.value_at_quantile(0.99) as f64 / 1_000.0
    }

    fn print(&self) {
        let low = self.rates.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.rates.iter().copied().fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "latencies of a bench")]
        let ms = |quantile: f64| self.micros.value_at_quantile(quantile) as f64 / 1_000.0;
        println!(
            "{:<28} {:>9.0}/s (min {:.0}, max {:.0})  p50 {:.2} ms  p99 {:.2} ms",
            self.name,
            self.median(),
            low,
            high,
            ms(0.50),
            ms(0.99)
        );
    }
}

/// A figure: what Sira does beside its yardstick, both measured in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What is measured, of what, against what: one name for good.
    pub name: String,
    /// Sira's.
    pub ours: f64,
    /// The yardstick's.
    pub yardstick: f64,
}

impl Figure {
    /// How many times the yardstick Sira does: more is better.
    pub fn ratio(&self) -> f64 {
        self.ours / self.yardstick
    }
}

/// Prints both sides and the ratio of the first to the second, and gives it.
pub fn print(what: &str, ours: &Side, yardstick: &Side) -> Figure {
    println!("== {what}");
    ours.print();
    yardstick.print();
    let name = format!("{what} to {}", yardstick.name);
    let figure = Figure { name, ours: ours.median(), yardstick: yardstick.median() };
    println!("ratio {:.2}", figure.ratio());
    figure
}
