//! Work that is shared among every core.

use std::num::NonZero;
use std::thread;

/// Does one thing for each item, on every core from a number of items on; what comes of each, in their order.
/// It blocks its thread: to be called where that is allowed.
pub(crate) fn on_every_core<T: Sync, R: Send>(
    items: &[T],
    shared_from: usize,
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    if cores == 1 || items.len() < shared_from.max(2) {
        return items.iter().map(each).collect();
    }
    let (each, share) = (&each, items.len().div_ceil(cores));
    thread::scope(|scope| {
        let mut shares = items.chunks(share);
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares
            .map(|some| scope.spawn(move || some.iter().map(each).collect::<Vec<R>>()))
            .collect();
        let mut done: Vec<R> = items[..own.len()].iter().map(each).collect();
        for other in others {
            match other.join() {
                Ok(some) => done.extend(some),
                // What went wrong on another thread goes wrong here.
                Err(cause) => std::panic::resume_unwind(cause),
            }
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_each_is_in_the_order_of_the_items_however_many_there_are() {
        for count in [0, 1, 2, 3, 7, 64, 1_001] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(on_every_core(&items, 2, |item| item * 2), doubled);
        }
    }
}
