//! Businesses one by one, and the jobs that visits saw in each.

use chrono::{Datelike, Months, NaiveDate};
use sira_domain::path::facts::Jobs;
use sira_domain::reference::BusinessStatus;

use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, Op};
use crate::table::TableId;
use crate::table::tables::businesses::BusinessRow;
use crate::table::tables::job_counts::JobCountRow;

/// Months after which jobs that nobody has seen again are counted no longer.
const SEEN_FOR: Months = Months::new(12);

/// A business as far as it was told.
#[derive(Clone, Debug, Default)]
pub struct BusinessTold {
    /// Days on which a visit saw it trading or paused, and those on which one saw it closed.
    seen: Vec<NaiveDate>,
    seen_closed: Vec<NaiveDate>,
    /// Day on which it closed.
    closed_on: Option<NaiveDate>,
    /// What was told of jobs, in the order of recording.
    jobs: Vec<(NaiveDate, JobsSeen)>,
}

/// Jobs of a business on a day; none once it is closed.
#[derive(Clone, Copy, Debug, Default)]
struct JobsSeen {
    women: u32,
    men: u32,
    under_35: u32,
    full_time_hundredths: u32,
}

impl From<&Jobs> for JobsSeen {
    fn from(jobs: &Jobs) -> Self {
        Self {
            women: jobs.women.get(),
            men: jobs.men.get(),
            under_35: jobs.under_35.get(),
            full_time_hundredths: jobs.full_time_hundredths.get(),
        }
    }
}

impl JobsSeen {
    const fn all(&self) -> u32 {
        self.women.saturating_add(self.men)
    }
}

/// A business starts.
pub fn start(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    memo.businesses.push(BusinessTold::default());
    let Some(number) = number(memo) else { return };
    let own = BusinessRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        business: number,
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        last_seen_on: None,
        closed_on: None,
    };
    moment.put(memo, ops, Some(number.into()), own);
}

/// The number of the business that was started last.
fn number(memo: &Memo) -> Option<u32> {
    u32::try_from(memo.businesses.len()).ok().filter(|number| *number > 0)
}

/// A visit saw a business.
pub fn see(
    moment: &EventMoment,
    memo: &mut Memo,
    ops: &mut Vec<Op>,
    (status, jobs): (BusinessStatus, Option<&Jobs>),
) {
    let on = moment.on();
    change(moment, memo, ops, |business| match status.code() {
        "closed" => {
            business.seen_closed.push(on);
            Some(JobsSeen::default())
        }
        code => {
            if ["trading", "paused"].contains(&code) {
                business.seen.push(on);
            }
            // Who reads a count after the closure reads nothing.
            jobs.filter(|_| business.closed_on.is_none_or(|closed| on < closed)).map(JobsSeen::from)
        }
    });
}

/// A business closes, and keeps no job.
pub fn close(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    let on = moment.on();
    change(moment, memo, ops, |business| {
        business.closed_on = Some(on);
        // What was seen after the closure, and recorded before it, is no job either.
        business.jobs.retain(|(day, _)| *day <= on);
        Some(JobsSeen::default())
    });
}

fn change(
    moment: &EventMoment,
    memo: &mut Memo,
    ops: &mut Vec<Op>,
    of: impl FnOnce(&mut BusinessTold) -> Option<JobsSeen>,
) {
    let Some(number) = number(memo) else { return };
    let Some(mut business) = memo.businesses.pop() else { return };
    let told = business.days();
    let jobs = of(&mut business);
    let kept = business.days();
    for day in told.iter().filter(|day| !kept.contains(day)) {
        ops.push(Op::Clear(TableId::JobCounts, count_slot(number, *day)));
    }
    let place = (TableId::Businesses, Slot::from(number));
    let columns =
        [("last_seen_on", business.last_seen_on()), ("closed_on", business.has_closed_on())];
    for (column, day) in columns {
        ops.push(Op::Amend(place.0, place.1, column, day.into()));
    }
    if let Some(jobs) = jobs {
        business.jobs.push((moment.on(), jobs));
        business.tell_counts(moment, memo, ops, number);
    }
    memo.businesses.push(business);
}

/// The place of the counts of a business on a day.
fn count_slot(business: u32, day: NaiveDate) -> Slot {
    Slot::from(business) << 20 | Slot::from(day.num_days_from_ce().unsigned_abs())
}

impl BusinessTold {
    fn last_seen_on(&self) -> Option<NaiveDate> {
        self.seen.iter().max().copied()
    }

    /// The day on which it closed: as was said, or else the first on which a visit saw it closed that no later
    /// one contradicts.
    pub fn has_closed_on(&self) -> Option<NaiveDate> {
        let last_seen_on = self.last_seen_on();
        let closed = self.seen_closed.iter().filter(|day| Some(**day) > last_seen_on);
        self.closed_on.or(closed.min().copied())
    }

    /// The days of which jobs are told, each once, the earliest first.
    fn days(&self) -> Vec<NaiveDate> {
        let mut days: Vec<NaiveDate> = self.jobs.iter().map(|(on, _)| *on).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// The jobs that were known to be there at the end of a day: those told of the latest day by then, and of
    /// one day last.
    fn jobs_on(&self, day: NaiveDate) -> JobsSeen {
        let by_then = self.jobs.iter().filter(|(on, _)| *on <= day);
        by_then.max_by_key(|(on, _)| *on).map(|(_, jobs)| *jobs).unwrap_or_default()
    }

    /// Tells the counts of the event's day and of later ones anew.
    fn tell_counts(&self, moment: &EventMoment, memo: &Memo, ops: &mut Vec<Op>, number: u32) {
        let from = moment.on();
        let slot = |day: NaiveDate| count_slot(number, day);
        let days = self.days();
        let later = days.partition_point(|day| *day < from);
        if let Some(before) = later.checked_sub(1).map(|last| days[last]) {
            let ended_on = seen_until(before, Some(from));
            ops.push(Op::Amend(TableId::JobCounts, slot(before), "ended_on", ended_on.into()));
        }
        let earlier = days[..later].iter().map(|day| self.jobs_on(*day));
        let mut most = earlier.map(|jobs| jobs.all()).max().unwrap_or_default();
        let mut before = later.checked_sub(1).map_or(0, |last| self.jobs_on(days[last]).all());
        for (place, day) in days.iter().enumerate().skip(later) {
            let jobs = self.jobs_on(*day);
            let own = JobCountRow {
                aggregate_id: moment.id,
                sequence: moment.sequence,
                business: number,
                occurred_on: *day,
                ended_on: seen_until(*day, days.get(place + 1).copied()),
                recorded_at: moment.event.recorded_at,
                women: jobs.women,
                men: jobs.men,
                under_35: jobs.under_35,
                full_time_hundredths: jobs.full_time_hundredths,
                created: jobs.all().saturating_sub(most),
                change: i64::from(jobs.all()) - i64::from(before),
            };
            moment.put(memo, ops, Some(slot(*day)), own);
            (most, before) = (most.max(jobs.all()), jobs.all());
        }
    }
}

/// The day from which a sighting counts no longer: the next one, or twelve months later.
fn seen_until(day: NaiveDate, next: Option<NaiveDate>) -> Option<NaiveDate> {
    next.into_iter().chain(day.checked_add_months(SEEN_FOR)).min()
}
