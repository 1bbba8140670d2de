use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const ONE_TRY: Policy = Policy { max_retries: Some(0), bisects: false };

fn settle(retry: &mut Retry, attempt: Attempt) -> (usize, usize, u64) {
    let settled = retry.settle(attempt);
    (settled.done, settled.discarded, settled.wait.as_secs())
}

#[test]
fn a_batch_that_succeeds_is_over() {
    let mut retry = Retry::new(ONE_TRY, 5);
    assert_eq!(retry.next(), Some(5));
    assert_eq!(settle(&mut retry, Attempt::Succeeded), (5, 0, 0));
    assert_eq!(retry.next(), None);
}

#[test]
fn retries_wait_longer_each_time_and_end_when_they_are_used_up() {
    let mut retry = Retry::new(Policy { max_retries: Some(2), bisects: false }, 5);
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 1));
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 2));
    assert_eq!(retry.settle(Attempt::Failed), Settled { done: 0, discarded: 5, invocations: 3, wait: Duration::ZERO });
    assert_eq!(retry.next(), None);
    let mut endless = Retry::new(Policy { max_retries: None, bisects: false }, 1);
    let waits: Vec<u64> = (0..9).map(|_| endless.settle(Attempt::Failed).wait.as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(backoff(u32::MAX), LONGEST_RETRY);
}

#[test]
fn progress_begins_the_count_anew() {
    let mut retry = Retry::new(Policy { max_retries: Some(1), bisects: false }, 5);
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 1));
    assert_eq!(settle(&mut retry, Attempt::FailedAt(2)), (2, 0, 1));
    assert_eq!(retry.next(), Some(3));
    assert_eq!(settle(&mut retry, Attempt::FailedAt(0)), (0, 3, 0));
}

#[test]
fn halving_counts_as_no_attempt() {
    let mut retry = Retry::new(Policy { max_retries: Some(0), bisects: true }, 5);
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 0));
    assert_eq!(retry.next(), Some(2));
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 0));
    assert_eq!(retry.next(), Some(1));
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 1, 0));
    assert_eq!(settle(&mut retry, Attempt::Succeeded), (1, 0, 0));
    assert_eq!(retry.next(), Some(3));
}

#[test]
fn a_batch_is_cut_at_the_record_that_was_named() {
    let mut retry = Retry::new(Policy { max_retries: Some(1), bisects: true }, 5);
    assert_eq!(settle(&mut retry, Attempt::FailedAt(3)), (3, 0, 0));
    assert_eq!(retry.next(), Some(2));
    assert_eq!(settle(&mut retry, Attempt::FailedAt(0)), (0, 0, 0));
    assert_eq!(retry.next(), Some(1));
    assert_eq!(settle(&mut retry, Attempt::FailedAt(0)), (0, 0, 1));
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 1, 0));
    assert_eq!(retry.next(), Some(1));
}

#[test]
fn what_is_too_old_is_taken_from_the_front() {
    let mut retry = Retry::new(ONE_TRY, 5);
    assert_eq!(retry.expire(2), (2, 0));
    assert_eq!(retry.next(), Some(3));
    assert_eq!(retry.expire(9), (3, 0));
    assert_eq!((retry.next(), retry.expire(1)), (None, (0, 0)));
}

#[test]
fn an_invocation_without_records_is_retried_too() {
    let mut retry = Retry::new(Policy { max_retries: Some(1), bisects: true }, 0);
    assert_eq!((retry.next(), retry.expire(3)), (Some(0), (0, 0)));
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 1));
    assert_eq!(retry.next(), Some(0));
    assert_eq!(settle(&mut retry, Attempt::Failed), (0, 0, 0));
    assert_eq!(retry.next(), None);
}

/// How a handler tells of a poisoned record.
#[derive(Debug, Clone, Copy)]
enum Telling {
    /// By an error.
    Error,
    /// By naming the first one that failed.
    Naming,
}

proptest! {
    /// Against the model: with bisection, exactly the poisoned records are given up, each alone; without, each is given up
    /// together with what comes after it in its batch. Everything else is done once, in order.
    #[test]
    fn each_record_is_done_or_given_up_once_and_in_order(
        records in 1_usize..40,
        poisoned in prop::collection::btree_set(0_usize..40, 0..6),
        retries in 0_u32..4,
        bisects: bool,
        telling in prop_oneof![Just(Telling::Error), Just(Telling::Naming)],
    ) {
        let policy = Policy { max_retries: Some(retries), bisects };
        let mut retry = Retry::new(policy, records);
        let (mut at, mut invocations) = (0, 0_u32);
        let (mut done, mut given_up) = (BTreeSet::new(), Vec::new());
        while let Some(next) = retry.next() {
            prop_assert!(next > 0 && at + next <= records);
            invocations += 1;
            let bad = (at..at + next).find(|record| poisoned.contains(record));
            let attempt = match (bad, telling) {
                (None, _) => Attempt::Succeeded,
                (Some(_), Telling::Error) => Attempt::Failed,
                (Some(bad), Telling::Naming) => Attempt::FailedAt(bad - at),
            };
            let settled = retry.settle(attempt);
            for record in at..at + settled.done {
                prop_assert!(!poisoned.contains(&record));
                done.insert(record);
            }
            at += settled.done;
            if settled.discarded > 0 {
                prop_assert_eq!(settled.invocations, retries + 1);
                given_up.push(at..at + settled.discarded);
            }
            at += settled.discarded;
            prop_assert!(invocations < 1000);
        }
        prop_assert_eq!(at, records);
        let poisoned: Vec<usize> = poisoned.into_iter().filter(|record| *record < records).collect();
        if bisects {
            let alone: Vec<_> = poisoned.iter().map(|record| *record..record + 1).collect();
            prop_assert_eq!(given_up, alone);
        } else {
            // The first poisoned record stops the batch: before it only naming lets others through.
            let expected = poisoned.first().map(|first| match telling {
                Telling::Error => 0..records,
                Telling::Naming => *first..records,
            });
            prop_assert_eq!(given_up, expected.into_iter().collect::<Vec<_>>());
        }
        prop_assert_eq!(done.len() + records.saturating_sub(done.len()), records);
    }
}
