//! A checkpoint: the size and root of the tree, and the root of the stream index, as the text of a
//! signed note (C2SP tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use crate::encoding::{decode, encode};
use crate::merkle::Hash;

/// Begins the extension line that holds the root of the stream index.
const STREAMS_FORM: &str = "sira.streams/v1 ";

/// What a log says of itself at a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: its name, the same in every checkpoint.
    pub origin: String,
    /// Number of events.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// The root of the stream index; none in the checkpoint of another kind of log.
    pub streams: Option<Hash>,
}

/// A text that is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: {0}")]
pub struct CheckpointError(&'static str);

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, encode(&self.root))?;
        match &self.streams {
            Some(root) => writeln!(f, "{STREAMS_FORM}{}", encode(root)),
            None => Ok(()),
        }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError("the last line has no end"))?;
        let mut lines = text.split('\n');
        let mut next =
            |what| lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError(what));
        let origin = next("no origin")?.to_owned();
        let size_text = next("no size")?;
        let root = read_hash(next("no root")?)?;
        let size: u64 = size_text.parse().map_err(|_| CheckpointError("the size is no number"))?;
        if size.to_string() != size_text {
            return Err(CheckpointError("the size is not written in its one form"));
        }
        let mut streams = None;
        for line in lines {
            if line.is_empty() {
                return Err(CheckpointError("an empty line"));
            }
            if let Some(root) = line.strip_prefix(STREAMS_FORM)
                && streams.replace(read_hash(root)?).is_some()
            {
                return Err(CheckpointError("two roots of the stream index"));
            }
        }
        Ok(Self { origin, size, root, streams })
    }
}

fn read_hash(text: &str) -> Result<Hash, CheckpointError> {
    decode(text).ok_or(CheckpointError("a root is no hash in base 64"))
}
