//! What was recorded, as it is shown: a path without anything sealed, an event with what its reader may
//! open. HTTP, the command line and the replay show the same things in the same form.

mod event;
mod opening;
mod path;
mod words;

pub use event::{ShownEvent, label_of, show_event};
pub(crate) use opening::open_sealed;
pub use opening::{IDENTITY_READERS, Opening, may_open, open_identity};
pub use path::{path_value, show_path};
pub use words::{in_lines, in_words};
