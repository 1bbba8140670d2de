use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;

/// A task made of a closure.
struct Does<F>(F);

impl<F: FnMut(&Context<'_>) -> Next + Send> Task for Does<F> {
    fn step(&mut self, context: &Context<'_>) -> Next {
        (self.0)(context)
    }
}

fn runner(threads: usize) -> (Clock, Runner) {
    let clock = Clock::manual(Timestamp::from_secs(1000));
    let runner = Runner::new(&clock, threads);
    (clock, runner)
}

#[test]
fn a_task_runs_when_it_is_woken_and_when_its_time_has_come() {
    let (clock, runner) = runner(2);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let task = Does(move |context: &Context<'_>| {
        counted.fetch_add(1, Ordering::SeqCst);
        Next::Wait(Some(context.now.saturating_add(Duration::from_secs(10))))
    });
    runner.spawn(1, Box::new(task)).unwrap();
    let after = |event: &dyn Fn()| {
        event();
        runner.wait_for_rest();
        runs.load(Ordering::SeqCst)
    };
    assert_eq!(after(&|| {}), 1);
    assert_eq!(after(&|| clock.advance(Duration::from_secs(9)).unwrap()), 1);
    assert_eq!(after(&|| clock.advance(Duration::from_secs(1)).unwrap()), 2);
    assert_eq!(after(&|| clock.advance(Duration::from_secs(5)).unwrap()), 2);
    assert_eq!(after(&|| runner.wake_group(1)), 3);
    // The alarm of before is gone.
    assert_eq!(after(&|| clock.advance(Duration::from_secs(9)).unwrap()), 3);
    assert_eq!(after(&|| runner.wake_group(2)), 3);
    runner.stop();
    assert!(matches!(runner.spawn(1, Box::new(Does(|_: &Context<'_>| Next::Over))), Err(Error::Stopped)));
}

#[test]
fn a_task_that_is_woken_while_it_runs_runs_again() {
    let (_clock, runner) = runner(1);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let task = Does(move |context: &Context<'_>| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            context.waker.wake_by_ref();
        }
        Next::Wait(None)
    });
    runner.spawn(1, Box::new(task)).unwrap();
    runner.wait_for_rest();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    runner.stop();
}

#[test]
fn tasks_run_at_a_time_and_are_told_when_it_is_their_last() {
    let (_clock, runner) = runner(4);
    let (barrier, last) = (Arc::new(std::sync::Barrier::new(4)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..4 {
        let (barrier, last) = (Arc::clone(&barrier), Arc::clone(&last));
        let mut has_met = false;
        let task = Does(move |context: &Context<'_>| {
            if context.is_stopping {
                last.fetch_add(1, Ordering::SeqCst);
                return Next::Over;
            }
            if !std::mem::replace(&mut has_met, true) {
                barrier.wait();
            }
            Next::Wait(None)
        });
        runner.spawn(1, Box::new(task)).unwrap();
    }
    runner.wait_for_rest();
    runner.stop();
    assert_eq!(last.load(Ordering::SeqCst), 4);
    runner.wait_for_end(1);
}

#[test]
fn a_task_that_panics_is_over_and_others_go_on() {
    let (_clock, runner) = runner(2);
    runner.spawn(7, Box::new(Does(|_: &Context<'_>| panic!("as it should")))).unwrap();
    runner.wait_for_end(7);
    let mut left = 3;
    let counts = Does(move |_: &Context<'_>| {
        left -= 1;
        if left == 0 { Next::Over } else { Next::Again }
    });
    runner.spawn(8, Box::new(counts)).unwrap();
    runner.wait_for_end(8);
    runner.stop();
}

#[test]
fn the_systems_clock_rings_as_well() {
    let runner = Runner::new(&Clock::system(), 2);
    let mut is_second = false;
    let task = Does(move |context: &Context<'_>| match std::mem::replace(&mut is_second, true) {
        false => Next::Wait(Some(context.now.saturating_add(Duration::from_millis(5)))),
        true => Next::Over,
    });
    runner.spawn(1, Box::new(task)).unwrap();
    runner.wait_for_end(1);
    runner.stop();
}
