//! What is due when: a list for each moment of the calendar, in the order in which it was planned.

use sira_numbers::Sequence;

use crate::calendar::Day;

/// Something due for one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Adviser,
    Baseline,
    Idea,
    Eligibility,
    Interview,
    Decision,
    SecondDecision,
    Drawn { office: u32, year: u16, number: u16 },
    Recognition,
    IdeaAgain,
    Identity,
    Consent,
    Withdrawal,
    JoinPool,
    Enrol(u32),
    Assess(u32),
    TrainingEnd(u32),
    Plan,
    PlanReview,
    Request,
    Approval,
    Agreement,
    Payment(u32),
    Waiver,
    Start,
    Visit(u32),
    FollowVisit,
    Support,
    Closing,
    PathEnd,
    Repayment(u32),
    Rescheduling,
    WriteOff,
    Recovery,
    Reversal(Sequence),
    Unspent,
    CreditBack,
    GuaranteeEnd,
    Cancellation,
    FollowUpIncome,
    Correction(Sequence),
    Income { year: u16, amount: u32 },
    Action,
    Note,
    Paper,
    Grievance,
    Answer(u32),
    ReferralOutcome(u32),
    Leave,
    SeatBack,
    Return,
    Pause,
    Resume,
    Move,
    Duplicate { of: u32, id: uuid::Uuid },
    Erasure,
}

/// Something due for a training group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupStep {
    Session(u32),
    End,
}

/// Something due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// For a person; the day on which it happens in the field.
    Case(u32, Day, Step),
    /// For a training group.
    Group(u32, Day, GroupStep),
}

/// Everything due, by moment.
pub(crate) struct Agenda {
    slots: Vec<Vec<Due>>,
}

impl Agenda {
    pub fn new(slots: u32) -> Self {
        Self { slots: (0..slots).map(|_| Vec::new()).collect() }
    }

    /// Adds to a moment.
    pub fn add(&mut self, slot: u32, due: Due) {
        self.slots[slot as usize].push(due);
    }

    /// What stands at `index` of a moment; what is added while it is worked through comes last.
    pub fn get(&self, slot: u32, index: usize) -> Option<Due> {
        self.slots[slot as usize].get(index).copied()
    }

    /// Gives the memory of a moment back.
    pub fn forget(&mut self, slot: u32) {
        self.slots[slot as usize] = Vec::new();
    }
}
