//! What is printed: lists that people work from, and papers that are handed to a person, with a code by which whoever
//! holds one can have it checked.

mod check;
mod code;
mod columns;
mod handed;
mod list;

pub use check::{CheckedPaper, check};
pub use code::{NotACode, PaperCode};
pub use columns::{ListColumn, ListForm};
pub use handed::{HandedPaper, PaperKind, PaperTable, convention_of, says, stands};
pub use list::ListPaper;
