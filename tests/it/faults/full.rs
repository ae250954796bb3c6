//! No room for seconds, under load; then there is room again.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::Mode;
use super::kinds::{Case, Fact, KINDS};
use super::world::{Answer, RECOVERS_IN, World};

/// Callers at once.
const CALLERS: usize = 6;
/// Requests of each: enough that some come before, many meanwhile and some behind.
const EACH: usize = 30;
/// Between two requests of a caller.
const PAUSE: Duration = Duration::from_millis(200);
/// When the disk is full, and for how long.
const FULL_AFTER: Duration = Duration::from_secs(1);
const FULL_FOR: Duration = Duration::from_secs(3);
/// What is written: an event on a new path, on one's own and on a shared stream, and beside the journal a token's end,
/// a report and an application.
const WRITTEN: [&str; 6] =
    ["register", "add-note", "adjust-budget", "revoke-token", "freeze-report", "apply"];

/// A request, its answer, and what was to be so.
struct Asked {
    case: Case,
    answer: Answer,
    at: Duration,
}

async fn call(world: &World, cases: Vec<Case>, begun: Instant) -> Vec<Asked> {
    let mut asked = Vec::new();
    for case in cases {
        tokio::time::sleep(PAUSE).await;
        let (at, answer) = (begun.elapsed(), case.ask.send(world).await);
        asked.push(Asked { case, answer, at });
    }
    asked
}

/// Reads on, and takes every checkpoint that is handed out.
async fn read(world: &World, begun: Instant) -> Vec<String> {
    let mut wrong = Vec::new();
    while begun.elapsed() < PAUSE * u32::try_from(EACH).unwrap() {
        for path in
            [format!("/v1/funds/{}", world.fund), format!("/v1/funds/{}/history", world.fund)]
        {
            let answer = world.get("director", &path).await;
            if answer.status != 200 {
                wrong.push(format!("{path} after {:?}: {answer:?}", begun.elapsed()));
            }
        }
        world.checkpoint().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    wrong
}

async fn fill(world: &World) {
    tokio::time::sleep(FULL_AFTER).await;
    world.arm(Mode::FullForLong, 1);
    tokio::time::sleep(FULL_FOR).await;
    assert!(world.disarm().faults > 0, "nothing was written meanwhile");
}

async fn load(world: &World) -> Vec<Vec<Case>> {
    let mut loads: Vec<Vec<Case>> = (0..CALLERS).map(|_| Vec::new()).collect();
    for number in 0..CALLERS * EACH {
        // Each caller comes to each of them in turn, and all at another one at a time.
        let written = WRITTEN[(number / CALLERS + number) % WRITTEN.len()];
        let kind = KINDS.iter().find(|kind| kind.name == written).unwrap();
        loads[number % CALLERS].push((kind.prepare)(world).await);
    }
    loads
}

/// Everything that was said is so.
async fn check(world: &World, said: &[(String, Fact)]) {
    for (label, fact) in said {
        fact.check(world).await.unwrap_or_else(|found| panic!("{label}: {found}"));
    }
}

pub async fn fill_under_load(mut world: World) {
    let loads = load(&world).await;
    world.settled().await.unwrap();
    let begun = Instant::now();
    let calls = join_all(loads.into_iter().map(|cases| call(&world, cases, begun)));
    let (asked, wrong, ()) = tokio::join!(calls, read(&world, begun), fill(&world));
    assert_eq!(wrong, Vec::<String>::new(), "reading does not wait for room");
    world.check_that_it_lives();

    let asked: Vec<Asked> = asked.into_iter().flatten().collect();
    let (done, refused): (Vec<Asked>, Vec<Asked>) =
        asked.into_iter().partition(|one| one.answer.is_done());
    let early = done.iter().filter(|one| one.at < FULL_AFTER).count();
    let late = done.iter().filter(|one| one.at > FULL_AFTER + FULL_FOR).count();
    eprintln!("{} done ({early} before, {late} behind), {} refused", done.len(), refused.len());
    assert!(early > 0 && late > 0 && refused.len() > 20, "it goes on by itself");
    let mut said = Vec::new();
    for one in done {
        let label = format!("{} {} after {:?}", one.case.ask.path, one.answer.status, one.at);
        said.extend((one.case.facts)(&one.answer).into_iter().map(|fact| (label.clone(), fact)));
    }
    for one in refused {
        assert!([0, 503].contains(&one.answer.status), "{} {:?}", one.case.ask.path, one.answer);
        let until = Instant::now() + RECOVERS_IN;
        let mut answer = one.case.ask.send(&world).await;
        while !answer.is_done() {
            assert!(Instant::now() < until, "{} {answer:?}", one.case.ask.path);
            tokio::time::sleep(PAUSE).await;
            answer = one.case.ask.send(&world).await;
        }
        let label = format!("{} again", one.case.ask.path);
        said.extend((one.case.facts)(&answer).into_iter().map(|fact| (label.clone(), fact)));
    }
    world.settled().await.unwrap();
    check(&world, &said).await;
    world.restart().await;
    world.settled().await.unwrap();
    check(&world, &said).await;
    assert_eq!(world.lost_checkpoints().await, Vec::<String>::new());
    assert_eq!(world.verified(), None);
}
