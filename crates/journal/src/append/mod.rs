//! Appending: requests wait, one writer makes one transaction of all that do (`writer`,
//! `transaction`), who of them may be recorded is decided under the head row's lock (`admit`,
//! `conditional`), and positions are given in order (`plan`). Each engine has its own statements.

pub(crate) mod admit;
pub(crate) mod bulk;
pub(crate) mod check;
pub(crate) mod conditional;
pub(crate) mod plan;
pub(crate) mod postgres;
pub(crate) mod session;
pub(crate) mod sqlite;
pub(crate) mod transaction;
pub(crate) mod versions;
pub(crate) mod writer;
