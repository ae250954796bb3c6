//! Whose turn it is to write to an embedded file, within this process.
//!
//! A file has one write lock, and who waits for it in `SQLite` sleeps and tries again: while a writer commits one
//! transaction after the other, whoever sleeps finds the lock taken each time it wakes, for seconds. Here they queue up
//! and come in their order, so that a small write waits for the commits before it and for no others. It orders the
//! writers of this process alone; those of others still meet at the lock.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::{Pool, SqliteFile};

/// The queue of each file that is open here.
static QUEUES: LazyLock<Mutex<HashMap<PathBuf, Weak<Queue<()>>>>> = LazyLock::new(Mutex::default);

/// A turn to write, until it is dropped. On a server everybody has one.
#[derive(Debug)]
#[must_use = "the turn is over when it is dropped"]
pub struct WriteTurn {
    _held: Option<(OwnedMutexGuard<()>, Arc<Queue<()>>)>,
}

async fn turn_at(path: &Path) -> WriteTurn {
    let queue = {
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = queues.get(path).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            // Files that nobody writes to any more.
            queues.retain(|_, queue| queue.strong_count() > 0);
            let queue = Arc::new(Queue::new(()));
            queues.insert(path.to_owned(), Arc::downgrade(&queue));
            queue
        })
    };
    let held = Arc::clone(&queue).lock_owned().await;
    WriteTurn { _held: Some((held, queue)) }
}

impl SqliteFile {
    /// Waits for a turn to write to the file.
    pub async fn turn(&self) -> WriteTurn {
        turn_at(self.path()).await
    }
}

impl Pool {
    /// Waits for a turn to write. To be taken before a connection is, so that nobody who has a turn waits for one.
    pub async fn turn(&self) -> WriteTurn {
        match self {
            Self::Postgres(_) => WriteTurn { _held: None },
            Self::Sqlite(pool) => turn_at(pool.connect_options().get_filename()).await,
        }
    }
}
