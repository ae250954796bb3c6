//! One page of a list: its rows, and where the next begins.

use super::advisers::add_advisers;
use super::statement::{AnyRow, Statement};
use crate::{ReadError, ReadStore};

/// Rows of one page at most: what a person works through in a day.
pub const MAX_PAGE: u32 = 200;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage<T, P> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one.
    pub next: Option<P>,
}

/// A place in a list that is ordered by a day and an id: the row that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayPlace {
    /// Its day, by the list's order.
    pub on: chrono::NaiveDate,
    /// Its id.
    pub id: String,
}

/// Reads a page; `place` says where a row stands in the list's order.
pub(super) async fn page<T: AnyRow, P>(
    store: &ReadStore,
    statement: &Statement,
    place: impl FnOnce(&T) -> P,
) -> Result<ListPage<T, P>, ReadError> {
    let mut items: Vec<T> = statement.fetch(store).await?;
    let has_more = cut(&mut items, statement.limit);
    let next = items.last().filter(|_| has_more).map(place);
    Ok(ListPage { items, next })
}

/// The same, of rows that each belong to a path: who is in charge of it is added.
pub(super) async fn page_with_advisers<T: AnyRow, P>(
    store: &ReadStore,
    statement: &Statement,
    path: impl Fn(&mut T) -> (&String, &mut Option<String>),
    place: impl FnOnce(&T) -> P,
) -> Result<ListPage<T, P>, ReadError> {
    let mut page = page(store, statement, place).await?;
    add_advisers(store, &mut page.items, path).await?;
    Ok(page)
}

/// Takes off the row that was read to see whether there are more; whether there was one.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: u32) -> bool {
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    has_more
}

/// Rows that a page has at most, of those asked for.
pub(super) fn bounded(limit: u32) -> u32 {
    limit.clamp(1, MAX_PAGE)
}
