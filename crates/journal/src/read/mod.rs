//! Reading: streams and the feed of all events by position, without a lock.

pub(crate) mod aliases;
pub(crate) mod feed;
pub(crate) mod leaves;
pub(crate) mod moment;
pub(crate) mod positions;
pub(crate) mod raw;
pub(crate) mod readable;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod streams;
