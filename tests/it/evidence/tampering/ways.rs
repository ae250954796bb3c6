//! Ways to change what happened: each does something to the events and says at which position.

use chrono::Duration;
use sira::journal::RecordedEvent;
use sira_numbers::Position;
use uuid::Uuid;

use super::base::Base;

type Events = Vec<RecordedEvent>;

/// A way.
pub struct Way {
    pub name: &'static str,
    /// What it does; it gives the first position that is no longer what it was.
    pub change: fn(&Base, &mut Events) -> Position,
    /// Whether the rules allow what it makes of the history, so that only the proofs can tell.
    pub is_lawful: bool,
    /// Whether it leaves places empty.
    pub leaves_holes: bool,
}

const fn unlawful(name: &'static str, change: fn(&Base, &mut Events) -> Position) -> Way {
    Way { name, change, is_lawful: false, leaves_holes: false }
}

const fn lawful(name: &'static str, change: fn(&Base, &mut Events) -> Position) -> Way {
    Way { name, change, is_lawful: true, leaves_holes: false }
}

const fn with_holes(name: &'static str, change: fn(&Base, &mut Events) -> Position) -> Way {
    Way { name, change, is_lawful: false, leaves_holes: true }
}

pub const WAYS: &[Way] = &[
    lawful("a byte of a payload", |_, events| {
        edit(events, visit, |event| swap(&mut event.payload, ":60000", ":60001"))
    }),
    lawful("a space in a payload", |_, events| {
        edit(events, visit, |event| event.payload = event.payload.replacen(':', ": ", 1))
    }),
    lawful("a byte of the metadata", |_, events| {
        edit(events, visit, |event| {
            event.metadata = event.metadata.replacen("\"request_id\":\"", "\"request_id\":\"0", 1);
        })
    }),
    lawful("who recorded it", |_, events| {
        edit(events, visit, |event| {
            swap(&mut event.payload, "\"by\":\"adviser\"", "\"by\":\"advisor\"");
            swap(&mut event.metadata, "\"actor\":\"adviser\"", "\"actor\":\"advisor\"");
        })
    }),
    unlawful("who recorded it, in the payload alone", |_, events| {
        edit(events, visit, |event| {
            swap(&mut event.payload, "\"by\":\"adviser\"", "\"by\":\"none\"");
        })
    }),
    lawful("the time, by a microsecond", |_, events| {
        edit(events, visit, |event| event.recorded_at += Duration::microseconds(1))
    }),
    unlawful("the time, by a month", |_, events| {
        edit(events, visit, |event| event.recorded_at -= Duration::days(31))
    }),
    unlawful("the day on which it happened", |_, events| {
        edit(events, visit, |event| {
            let at = event.payload.find("\"occurred_on\":\"").unwrap() + 15;
            event.payload.replace_range(at..at + 4, "2199");
        })
    }),
    unlawful("the type", |_, events| {
        edit(events, visit, |event| "NoteAdded".clone_into(&mut event.event_type))
    }),
    lawful("the version of the form", |_, events| {
        edit(events, visit, |event| "1.1".clone_into(&mut event.event_version))
    }),
    unlawful("whose event it is", |_, events| {
        edit(events, visit, |event| event.stream.aggregate_id = Uuid::from_u128(77))
    }),
    unlawful("of what kind of stream it is", |_, events| {
        edit(events, visit, |event| event.stream.aggregate_type = "cohort".into())
    }),
    unlawful("of a kind of stream that is none", |_, events| {
        edit(events, visit, |event| event.stream.aggregate_type = "ghost".into())
    }),
    unlawful("its sequence", |_, events| {
        edit(events, visit, |event| event.sequence = event.sequence.plus(1_000))
    }),
    unlawful("a tile further on", |_, events| {
        let place = |event: &RecordedEvent| event.position == 300.into();
        edit(events, place, |event| "1.1".clone_into(&mut event.event_version))
    }),
    unlawful("the first event of all", |_, events| {
        let place = |event: &RecordedEvent| event.position == 1.into();
        edit(events, place, |event| event.payload.push(' '))
    }),
    unlawful("the last event of all", |base, events| {
        let last = Position::of_count(base.last().0);
        let place = |event: &RecordedEvent| event.position == last;
        events.iter_mut().filter(|event| place(event)).for_each(|event| event.payload.push(' '));
        last
    }),
    with_holes("its place: moved to the end", |_, events| {
        let end = Position::of_count(events.len() as u64 + 1);
        edit(events, visit, |event| event.position = end)
    }),
    unlawful("two events change places", |_, events| {
        let at = at(events, visit);
        let (one, other) = (events[at].position, events[at + 3].position);
        (events[at].position, events[at + 3].position) = (other, one);
        one
    }),
    unlawful("two events change contents", |_, events| {
        let (one, other) = (at(events, visit), last_at(events, visit));
        let (first, second) = (events[one].clone(), events[other].clone());
        (events[one].payload, events[one].metadata) = (second.payload, second.metadata);
        (events[other].payload, events[other].metadata) = (first.payload, first.metadata);
        events[one].position
    }),
    unlawful("two events change sequences", |_, events| {
        let one = at(events, visit);
        let next = next_in_stream(events, one);
        let (first, second) = (events[one].sequence, events[next].sequence);
        (events[one].sequence, events[next].sequence) = (second, first);
        events[one].position
    }),
    unlawful("two paths change persons", |_, events| {
        let one = events[at(events, visit)].stream.aggregate_id;
        let other = events.iter().rfind(|event| event.event_type == "IdeaSubmitted").unwrap();
        let other = other.stream.aggregate_id;
        assert_ne!(one, other);
        let mut first = Position::START;
        for event in events.iter_mut().rev() {
            if event.stream.aggregate_id == one || event.stream.aggregate_id == other {
                let is_one = event.stream.aggregate_id == one;
                event.stream.aggregate_id = if is_one { other } else { one };
                first = event.position;
            }
        }
        first
    }),
    unlawful("the last event is deleted", |_, events| events.pop().unwrap().position),
    unlawful("the last fifty events are deleted", |_, events| {
        events.truncate(events.len() - 50);
        Position::of_count(events.len() as u64 + 1)
    }),
    with_holes("an event in the middle is deleted", |_, events| {
        let at = at(events, visit);
        events.remove(at).position
    }),
    with_holes("the first event is deleted", |_, events| events.remove(0).position),
    unlawful("an event in the middle is deleted and all after it move up", |_, events| {
        let at = at(events, visit);
        let gone = events.remove(at);
        close_up(events);
        for event in events.iter_mut().filter(|event| event.stream == gone.stream) {
            event.sequence = event.sequence.minus(u64::from(event.sequence > gone.sequence));
        }
        gone.position
    }),
    with_holes("a whole stream is deleted", |_, events| {
        let stream = events[at(events, visit)].stream.clone();
        let first = events.iter().find(|event| event.stream == stream).unwrap().position;
        events.retain(|event| event.stream != stream);
        first
    }),
    unlawful("a whole stream is deleted and all after it move up", |_, events| {
        let stream = events[at(events, visit)].stream.clone();
        let first = events.iter().find(|event| event.stream == stream).unwrap().position;
        events.retain(|event| event.stream != stream);
        close_up(events);
        first
    }),
    lawful("the last event of a stream is deleted and all after it move up", |_, events| {
        let ends = |events: &Events, at: usize| {
            let event = &events[at];
            event.event_type == "IncomeRecorded"
                && events[at + 1..].iter().all(|later| later.stream != event.stream)
        };
        let at = (0..events.len()).find(|at| ends(events, *at)).unwrap();
        let gone = events.remove(at);
        close_up(events);
        gone.position
    }),
    unlawful("an event is inserted in the middle and all after it move down", |_, events| {
        let at = at(events, visit);
        let mut more = events[at].clone();
        for event in &mut events[at + 1..] {
            event.sequence = event.sequence.plus(u64::from(event.stream == more.stream));
        }
        more.sequence = more.sequence.next();
        events.insert(at + 1, more);
        close_up(events);
        Position::of_count(at as u64 + 2)
    }),
    unlawful("a stream is inserted in the middle and all after it move down", |_, events| {
        let at = at(events, visit);
        let stream = events[at].stream.clone();
        let path: Events = events.iter().filter(|event| event.stream == stream).cloned().collect();
        let time = events[at].recorded_at;
        for (place, mut event) in path.into_iter().enumerate() {
            event.stream.aggregate_id = Uuid::from_u128(78);
            event.recorded_at = time;
            events.insert(at + 1 + place, event);
        }
        close_up(events);
        Position::of_count(at as u64 + 2)
    }),
    unlawful("a stream is numbered anew", |_, events| {
        let stream = events[at(events, visit)].stream.clone();
        let own =
            events.iter_mut().filter(|event| event.stream == stream && event.sequence > 2.into());
        let mut first = None;
        for event in own {
            first = first.or(Some(event.position));
            event.sequence = event.sequence.next();
        }
        first.unwrap()
    }),
    unlawful("the journal is rolled back and goes on otherwise", |_, events| {
        let kept = events.len() - 40;
        let again: Events = events[kept..].to_vec();
        events.truncate(kept);
        for (place, mut event) in again.into_iter().enumerate() {
            event.recorded_at += Duration::seconds(5);
            event.position = Position::of_count((kept + place) as u64 + 1);
            events.push(event);
        }
        Position::of_count(kept as u64 + 1)
    }),
];

/// A visit in the middle of somebody's path, in the first tile.
fn visit(event: &RecordedEvent) -> bool {
    event.event_type == "VisitRecorded" && event.payload.contains(":60000")
}

fn at(events: &Events, which: fn(&RecordedEvent) -> bool) -> usize {
    events.iter().position(which).unwrap()
}

fn last_at(events: &Events, which: fn(&RecordedEvent) -> bool) -> usize {
    events.iter().rposition(which).unwrap()
}

fn next_in_stream(events: &Events, at: usize) -> usize {
    let stream = &events[at].stream;
    at + 1 + events[at + 1..].iter().position(|event| event.stream == *stream).unwrap()
}

fn edit(
    events: &mut Events,
    which: fn(&RecordedEvent) -> bool,
    change: impl FnOnce(&mut RecordedEvent),
) -> Position {
    let at = at(events, which);
    let position = events[at].position;
    change(&mut events[at]);
    position
}

fn swap(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{text}");
    *text = text.replacen(from, to, 1);
}

/// Gives every event the place at which it now stands.
fn close_up(events: &mut Events) {
    for (place, event) in (1_u32..).zip(events.iter_mut()) {
        event.position = place.into();
    }
}
