//! The transaction that a thread is in, so that nested use joins it.

use std::{cell::RefCell, rc::Rc};

use crate::transaction::View;

thread_local! {
    static ACTIVE: RefCell<Vec<(u64, Rc<RefCell<View>>)>> = const { RefCell::new(Vec::new()) };
}

/// Marks the thread as being inside a transaction until it is dropped.
pub(crate) struct Entered(());

pub(crate) fn enter(engine: u64, view: &Rc<RefCell<View>>) -> Entered {
    ACTIVE.with_borrow_mut(|active| active.push((engine, Rc::clone(view))));
    Entered(())
}

impl Drop for Entered {
    fn drop(&mut self) {
        ACTIVE.with_borrow_mut(|active| active.pop());
    }
}

/// The innermost transaction of this thread on that engine.
pub(crate) fn current(engine: u64) -> Option<Rc<RefCell<View>>> {
    ACTIVE.with_borrow(|active| active.iter().rev().find(|(id, _)| *id == engine).map(|(_, view)| Rc::clone(view)))
}
