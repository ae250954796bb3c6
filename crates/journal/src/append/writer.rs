//! The one task that writes: takes what waits, makes one transaction of it, then answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use sira_numbers::{Position, Sequence, Version};
use tokio::sync::{mpsc, oneshot, watch};

use crate::append::admit::Admission;
use crate::append::check::Prepared;
use crate::append::plan::HeadRow;
use crate::append::session::Session;
use crate::append::transaction::{Commit, Setback, transact};
use crate::append::versions::{Known, Versions};
use crate::clock::Clock;
use crate::clock_watch::ClockWatch;
use crate::halt::Halt;
use crate::own_commits::OwnCommits;
use crate::read::readable::Readable;
use crate::types::AppendOutcome;
use crate::{JournalConfig, JournalError, StreamId};

/// Times a batch is begun anew on a new connection when the old one broke before the commit: once is
/// enough for a connection that a restarted server had closed; more would only make callers wait.
const FRESH_STARTS: u32 = 1;
/// Times a batch is begun anew after a commit that broke off and is known not to have been made: a server that
/// is being restarted breaks a few in a row, and callers are told once it is more than that.
const LOST_COMMITS: u32 = 3;
/// Pause between two attempts to learn the fate of a commit: the old connection may still hold the head row,
/// and asking faster would not free it.
const DOUBT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// A batch of so many requests shows that many callers are about, so that waiting a little fills the next one;
/// with fewer it would only make a lone caller slower.
const CROWD: usize = 48;
/// How long the next batch gathers then. What a batch costs besides its rows (a statement, a flush to
/// the disk) is shared by those in it; a crowd waits several times longer anyway.
const GATHER: std::time::Duration = std::time::Duration::from_millis(2);

/// What the writer shares with readers of the same journal.
pub(crate) struct Shared {
    pub config: JournalConfig,
    pub clock: Clock,
    versions: Mutex<Versions>,
    /// The head as this process last saw or left it; none on a new connection.
    last_head: Mutex<Option<HeadRow>>,
    pub own: OwnCommits,
    pub readable: Readable,
    /// The last position that this process knows to be committed.
    pub committed: watch::Sender<Position>,
    /// Whether the clock can be right.
    pub watch: ClockWatch,
    halted: Mutex<Option<Halt>>,
    heads: RwLock<Option<Arc<KnownHeads>>>,
}

/// The last event of a stream, as somebody knows it who did not ask the database's index of streams.
type KnownHeads = dyn Fn(&StreamId) -> Option<Sequence> + Send + Sync;

impl Shared {
    pub fn new(config: JournalConfig, clock: Clock, position: Position) -> Self {
        let watch = ClockWatch::new(config.clock, clock.goes().then(|| clock.now()));
        Self {
            watch,
            config,
            clock,
            versions: Mutex::new(Versions::new()),
            last_head: Mutex::new(None),
            own: OwnCommits::default(),
            readable: Readable::default(),
            committed: watch::Sender::new(position),
            halted: Mutex::default(),
            heads: RwLock::default(),
        }
    }

    /// Takes nothing more, for the first reason that was given.
    pub fn halt(&self, why: Halt) {
        let mut halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        if halted.is_none() {
            tracing::error!(reason = why.word(), error = %why, "the journal is halted: nothing is recorded");
            *halted = Some(why);
        }
    }

    /// Why nothing is taken.
    pub fn halted(&self) -> Option<Halt> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whom to ask for the last events of streams.
    pub fn know_heads(&self, heads: Box<KnownHeads>) {
        *self.heads.write().unwrap_or_else(PoisonError::into_inner) = Some(heads.into());
    }

    /// What is known of a stream: by this process's own reads and commits, and by who knows its last event from
    /// elsewhere. The two agree unless an index of the database is damaged.
    pub fn known(&self, stream: &StreamId) -> Known {
        let heads = self.heads.read().unwrap_or_else(PoisonError::into_inner).clone();
        let proved = heads.and_then(|heads| heads(stream)).map_or(Version::ZERO, Version::of);
        match self.versions().known(stream) {
            Known::Exact(version) if version >= proved => Known::Exact(version),
            Known::Exact(version) | Known::AtLeast(version) => Known::AtLeast(version.max(proved)),
        }
    }

    /// A version that the stream has certainly reached.
    pub fn floor(&self, stream: &StreamId) -> Version {
        match self.known(stream) {
            Known::Exact(version) | Known::AtLeast(version) => version,
        }
    }

    /// Held for map look-ups only, never over an await.
    pub fn versions(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head as this process last saw or left it.
    pub fn last_head(&self) -> Option<HeadRow> {
        *self.last_head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the head, or that it is not known.
    pub fn note_head(&self, head: Option<HeadRow>) {
        *self.last_head.lock().unwrap_or_else(PoisonError::into_inner) = head;
    }

    /// What contradicts itself while a recorded event cannot be seen does so because of that.
    fn explained(&self, error: JournalError) -> JournalError {
        match (error, self.readable.hole()) {
            (JournalError::Inconsistent { .. }, Some(hole)) => {
                JournalError::Unreadable { position: hole.position }
            }
            (error, _) => error,
        }
    }

    /// Wakes those who wait for events. A position never goes back.
    pub fn announce(&self, position: Position) {
        self.committed.send_if_modified(|known| {
            let news = position > *known;
            *known = position.max(*known);
            news
        });
    }
}

/// A request and where its answer goes.
pub(crate) struct Waiting {
    pub prepared: Prepared,
    pub reply: oneshot::Sender<Result<AppendOutcome, JournalError>>,
}

/// What the writer's queue holds.
pub(crate) enum Message {
    Append(Box<Waiting>),
    /// Many requests of one caller, in their order.
    Bulk(Vec<Waiting>),
    /// Requests of one caller of which all are recorded or none.
    Together(Vec<Waiting>),
    /// Take nothing more, finish what waits, and end.
    Close,
}

/// Requests that are tried as one transaction.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub requests: &'a [&'a Prepared],
    /// Whether all are recorded or none.
    pub together: bool,
}

impl Group<'_> {
    /// What becomes of the requests: in a group that stands together nobody is taken where somebody is not.
    pub fn judge(self, mut admissions: Vec<Admission>) -> Vec<Admission> {
        let is_taken = |one: &Admission| matches!(one, Admission::Accepted(_));
        if self.together && !admissions.iter().all(is_taken) {
            for one in admissions.iter_mut().filter(|one| is_taken(one)) {
                *one = Admission::Withheld;
            }
        }
        admissions
    }
}

/// What the writer takes from its queue for one transaction.
struct Batch {
    waiting: Vec<Waiting>,
    together: bool,
}

/// The writer: its connection, and nothing that must survive it. All it knows besides lies in the
/// database, or is a cache in [`Shared`].
pub(crate) struct Writer<S: Session> {
    place: S::Place,
    shared: Arc<Shared>,
    /// None before the first batch and after the connection broke. Out of its place while a
    /// transaction runs, so that a transaction broken off can never be taken up by the next batch.
    session: Option<S>,
}

/// Why a whole batch was not recorded.
enum Fault {
    /// The data of some request; its neighbours are to be tried without it.
    Refused(JournalError),
    /// All are answered this.
    Whole(JournalError),
}

impl<S: Session> Writer<S> {
    pub fn new(place: S::Place, shared: Arc<Shared>) -> Self {
        Self { place, shared, session: None }
    }

    /// Runs until the queue is closed and empty. While a batch is being committed the next one
    /// gathers in the queue.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        let limit = self.shared.config.batch_limit;
        let (mut last, mut held) = (0, None);
        while let Some(batch) = gather(&mut queue, &mut held, limit, last >= CROWD).await {
            let Batch { waiting: batch, together } = batch;
            last = batch.len();
            let requests: Vec<&Prepared> = batch.iter().map(|waiting| &waiting.prepared).collect();
            let answers = self.record(Group { requests: &requests, together }).await;
            // Only now, after the commit. A crash before this line leaves events that nobody was told
            // of: the client's retry with its idempotency key is answered from `requests`.
            for (waiting, answer) in batch.into_iter().zip(answers) {
                // A caller that went away is no failure: its request is recorded all the same.
                let _ = waiting.reply.send(answer);
            }
        }
    }

    async fn record(&mut self, group: Group<'_>) -> Vec<Result<AppendOutcome, JournalError>> {
        let requests = group.requests;
        if let Some(why) = self.shared.halted() {
            // Said once, when it was halted.
            return JournalError::Halted(why)
                .for_each(requests.len())
                .into_iter()
                .map(Err)
                .collect();
        }
        match self.persist(group).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(Fault::Refused(_)) if requests.len() > 1 && !group.together => {
                self.record_singly(requests).await
            }
            Err(Fault::Refused(error) | Fault::Whole(error)) => {
                // That the journal is halted was said once, with its reason.
                if !matches!(error, JournalError::Halted(_)) {
                    tracing::error!(error = ?error, requests = requests.len(), "a batch was not recorded");
                }
                error.for_each(requests.len()).into_iter().map(Err).collect()
            }
        }
    }

    /// One transaction a request: slow, but the one that the database refuses stands alone.
    async fn record_singly(
        &mut self,
        requests: &[&Prepared],
    ) -> Vec<Result<AppendOutcome, JournalError>> {
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let alone = Group { requests: &[*request], together: false };
            let answer = match self.persist(alone).await {
                Ok(mut outcomes) => outcomes.pop().ok_or(JournalError::Closed),
                Err(Fault::Refused(error) | Fault::Whole(error)) => Err(error),
            };
            answers.push(answer);
        }
        answers
    }

    /// Tries a batch until its fate is known. Optimistic at first: what the unique keys refuse is
    /// judged again with everything read under the lock.
    async fn persist(&mut self, group: Group<'_>) -> Result<Vec<AppendOutcome>, Fault> {
        let (mut thorough, mut lost, mut undone) = (false, 0, 0);
        loop {
            match self.attempt(group, thorough).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(Setback::Conflict(_)) if !thorough => thorough = true,
                Err(Setback::Conflict(error)) => return Err(Fault::Whole(unexplained(&error))),
                Err(Setback::Refused(error)) => return Err(Fault::Refused(error.into())),
                Err(Setback::Broken(error)) => {
                    return Err(Fault::Whole(self.shared.explained(error)));
                }
                Err(Setback::Lost(error)) if lost == FRESH_STARTS => {
                    return Err(Fault::Whole(error.into()));
                }
                Err(Setback::Lost(_)) => lost += 1,
                Err(Setback::Doubt(commit, error)) => {
                    if let Some(outcomes) = self.resolve(commit).await? {
                        return Ok(outcomes);
                    }
                    if undone == LOST_COMMITS {
                        return Err(Fault::Whole(error.into()));
                    }
                    (thorough, undone) = (true, undone + 1);
                }
            }
        }
    }

    async fn attempt(
        &mut self,
        group: Group<'_>,
        thorough: bool,
    ) -> Result<Vec<AppendOutcome>, Setback> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect().await.map_err(Setback::Lost)?,
        };
        let result = transact(&mut session, &self.shared, group, thorough).await;
        let usable = match &result {
            Ok(_) => true,
            Err(Setback::Lost(_) | Setback::Doubt(..)) => false,
            Err(_) => session.rollback().await.is_ok(),
        };
        self.session = usable.then_some(session);
        result
    }

    async fn connect(&self) -> Result<S, sqlx::Error> {
        self.shared.versions().forget();
        self.shared.note_head(None);
        let opening = S::open(&self.place, &self.shared.config);
        in_time(&self.shared, opening).await
    }

    /// Learns whether a commit that broke off was made. Some: it was, with its outcomes. None: it was
    /// not, and the batch may be tried again.
    async fn resolve(&mut self, commit: Box<Commit>) -> Result<Option<Vec<AppendOutcome>>, Fault> {
        let deadline = tokio::time::Instant::now() + self.shared.config.doubt_timeout;
        loop {
            match self.look_back(&commit).await {
                Ok(true) => return Ok(Some(commit.settle(&self.shared))),
                Ok(false) => {
                    self.shared.own.withdraw();
                    return Ok(None);
                }
                Err(error) if tokio::time::Instant::now() >= deadline => {
                    tracing::error!(error = ?error, "the fate of a commit is not known");
                    self.shared.own.withdraw();
                    return Err(Fault::Whole(JournalError::InDoubt));
                }
                Err(_) => tokio::time::sleep(DOUBT_PAUSE).await,
            }
        }
    }

    /// Compares what stands at the commit's positions with what it meant to put there. The lock of
    /// the head row comes first: as long as the old connection's transaction lives on in the server,
    /// still on its way to commit, the lock is not given.
    async fn look_back(&mut self, commit: &Commit) -> Result<bool, sqlx::Error> {
        let mut session = self.connect().await?;
        in_time(&self.shared, session.begin()).await?;
        let made = match commit.range() {
            Some(range) => commit.stands(&in_time(&self.shared, session.leaves(range)).await?),
            // Keys without events: the next attempt reads the keys, and answers from them if they are
            // there.
            None => false,
        };
        in_time(&self.shared, session.rollback()).await?;
        self.session = Some(session);
        Ok(made)
    }
}

/// Waits for a first request, then takes what else is there, up to `limit` events; in a crowd, a
/// little later. Requests that stand together are a transaction of their own: those that come behind others
/// are `held` for the next.
async fn gather(
    queue: &mut mpsc::Receiver<Message>,
    held: &mut Option<Message>,
    limit: usize,
    crowd: bool,
) -> Option<Batch> {
    let mut batch = Vec::new();
    let mut events = 0;
    while events < limit {
        let message = if let Some(message) = held.take() {
            message
        } else if batch.is_empty() {
            let first = queue.recv().await?;
            // Who brings a bulk has gathered already.
            if crowd && matches!(first, Message::Append(_)) {
                tokio::time::sleep(GATHER).await;
            }
            first
        } else {
            let Ok(message) = queue.try_recv() else { break };
            message
        };
        match message {
            Message::Append(waiting) => {
                events += waiting.prepared.digests.len().max(1);
                batch.push(*waiting);
            }
            Message::Bulk(bulk) => {
                let of = |waiting: &Waiting| waiting.prepared.digests.len().max(1);
                events += bulk.iter().map(of).sum::<usize>();
                batch.extend(bulk);
            }
            Message::Together(waiting) if batch.is_empty() => {
                return Some(Batch { waiting, together: true });
            }
            together @ Message::Together(_) => {
                *held = Some(together);
                break;
            }
            Message::Close => queue.close(),
        }
    }
    Some(Batch { waiting: batch, together: false })
}

/// Waits for a step of the database, but not for ever: a network that swallows packets must not stop
/// the journal. The session of a step that was given up is dropped by the caller.
pub(crate) async fn in_time<T>(
    shared: &Shared,
    step: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(shared.config.database_timeout, step).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}

/// A unique key was met although everything had been read under the lock.
fn unexplained(error: &sqlx::Error) -> JournalError {
    JournalError::Inconsistent {
        table: "events",
        id: "(batch)".to_owned(),
        problem: format!("somebody writes without the head row's lock: {error}"),
    }
}
