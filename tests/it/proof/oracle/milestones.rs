//! What a path has reached.

use super::story::{Entry, Story};
use super::{Line, some};

/// Whether an event reaches a milestone, takes it back, or neither.
fn bears_on(milestone: &str, event: &Entry) -> Option<bool> {
    let is = |kind: &str| event.is(kind);
    let says = |field: &str, word: &str| event.word(field) == Some(word);
    let reached = match milestone {
        "registered" => is("Registered"),
        "idea_submitted" => is("IdeaSubmitted"),
        "eligible" if is("EligibilityAssessed") => return event.body["eligible"].as_bool(),
        "interviewed" => is("InterviewRecorded"),
        "selected" if is("SelectionDecided") => return Some(says("decision", "selected")),
        "enrolled" => is("TrainingEnrolled"),
        "trained" => is("TrainingCompleted"),
        "plan_validated" => is("BusinessPlanValidated") && says("conclusion", "validated"),
        "financing_requested" => is("FinancingRequested"),
        "approved" => is("FinancingApproved"),
        "financed" => is("DisbursementRecorded"),
        "waived" => is("FinancingWaived"),
        "started" => is("BusinessStarted"),
        "closed" => is("BusinessClosed"),
        "completed" | "exited" if is("Reopened") => return Some(false),
        "completed" => is("PathCompleted"),
        "exited" => is("Exited"),
        "plan_submitted" => is("BusinessPlanSubmitted"),
        _ => false,
    };
    reached.then_some(true)
}

const ALL: [&str; 17] = [
    "registered",
    "idea_submitted",
    "eligible",
    "interviewed",
    "selected",
    "enrolled",
    "trained",
    "plan_validated",
    "financing_requested",
    "approved",
    "financed",
    "waived",
    "started",
    "closed",
    "completed",
    "exited",
    "plan_submitted",
];

/// One row a milestone: the first event that reached it since it was last taken back.
pub fn rows(story: &Story) -> Vec<Line> {
    let row = |milestone: &str| {
        let stands = story.events.iter().filter(|event| !story.is_undone(event));
        let bears = stands.filter_map(|event| Some((event, bears_on(milestone, event)?)));
        let bears: Vec<(&Entry, bool)> = bears.collect();
        let taken_back = match milestone {
            // Whoever changes groups is enrolled in the last one.
            "enrolled" => bears.len().saturating_sub(1),
            _ => bears.iter().rposition(|(_, reached)| !reached).map_or(0, |place| place + 1),
        };
        let (event, _) = bears.get(taken_back)?;
        Some(line(story, event, milestone))
    };
    let rows = ALL.into_iter().filter_map(row);
    rows.chain(at_first_review(story)).chain(dropped_out(story)).collect()
}

fn line(story: &Story, event: &Entry, milestone: &str) -> Line {
    let registered = story.registration().unwrap().on;
    let mut row = vec![
        some(story.id),
        some(milestone),
        some(event.sequence),
        some(event.on),
        some(&event.recorded_at),
        some((event.on - registered).num_days()),
    ];
    row.extend(story.broken_down(event, None));
    row
}

/// Whether the first review of a plan validated it.
fn at_first_review(story: &Story) -> Option<Line> {
    let first = story.of("BusinessPlanValidated").next()?;
    let validated = first.word("conclusion") == Some("validated");
    validated.then(|| line(story, first, "plan_validated_first"))
}

/// Who left the training after the last enrolment, and before it was done.
fn dropped_out(story: &Story) -> Option<Line> {
    let mut dropped = None;
    let (mut enrolled, mut seated, mut trained) = (false, false, false);
    for event in &story.events {
        match event.kind.as_str() {
            "TrainingEnrolled" => (enrolled, seated, dropped) = (true, true, None),
            "TrainingCompleted" => (trained, dropped) = (true, None),
            "TrainingWithdrawn" | "Exited" => {
                // Who leaves gives back the seat that was held.
                seated &= event.is("Exited") && event.body["seat"].is_null();
                if enrolled && !trained && dropped.is_none() {
                    dropped = Some(event);
                }
            }
            "Reopened" if seated => dropped = None,
            _ => {}
        }
    }
    dropped.map(|event| line(story, event, "dropped_out"))
}
