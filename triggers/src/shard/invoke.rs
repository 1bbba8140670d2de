//! Having a batch handled.

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::Transaction;

use super::lane::Lane;
use crate::{
    Batch, BoxError, Outcome, Record,
    batch::WindowCall,
    config::Config,
    destination::Condition,
    handler::{self, Handler, Refused},
    layout::LaneRow,
    outcome::failed_places,
    retry::Attempt,
    window::{OpenWindow, Window},
};

/// What a handler's outcome means for the records.
struct Verdict {
    attempt: Attempt,
    state: Option<Bytes>,
}

fn judge(outcome: &Outcome, batch: &Batch, config: &Config) -> Result<Verdict, BoxError> {
    let failed = failed_places(outcome, &batch.records, config.report_batch_item_failures)?;
    if config.has_windows() && !batch.is_final() && outcome.state().is_none() {
        return Err("the handler gives no state, which a trigger with windows needs".into());
    }
    let attempt = failed.first().map_or(Attempt::Succeeded, |first| Attempt::FailedAt(*first));
    Ok(Verdict { attempt, state: outcome.state().cloned() })
}

impl Lane {
    /// Calls the handler with the next part of the batch under way, and commits what has come of it.
    pub(super) fn invoke(&mut self) -> Result<(), Refused> {
        let Some((records, is_final)) = self.work.as_ref().and_then(|work| Some((work.retry.next()?, work.is_final)))
        else {
            self.work = None;
            return Ok(());
        };
        let batch = self.batch(records, is_final);
        let last = batch.records.last().map(Record::arrived);
        let handled = match self.job.handler.clone() {
            Handler::Plain(handle) => {
                let outcome = handler::call(|| handle(&batch));
                self.job.count(&outcome);
                let verdict = outcome.and_then(|outcome| judge(&outcome, &batch, &self.job.config));
                verdict.map_err(Refused::Handler).and_then(|verdict| {
                    let row = self.row_after(&verdict, &batch)?;
                    self.job.engine.transact(|tx| self.put_row(tx, &row))?;
                    Ok((verdict.attempt, row))
                })
            }
            Handler::InTransaction(handle) => {
                let committed = self.job.engine.transact(|tx| {
                    let outcome = handler::call(|| handle(tx, &batch));
                    self.job.count(&outcome);
                    self.settle_in(tx, outcome, &batch)
                });
                committed.map_err(Refused::blame)
            }
        };
        let attempt = match handled {
            Ok((attempt, row)) => {
                self.row = row;
                attempt
            }
            Err(Refused::FailedAtFirst) => Attempt::FailedAt(0),
            Err(Refused::Handler(error)) => {
                self.job.failed(&error);
                Attempt::Failed
            }
            Err(other) => return Err(other),
        };
        if attempt == Attempt::Succeeded
            && let Some(last) = last
        {
            self.meter.iterator_age = Some(self.job.engine.clock().now().saturating_since(last));
        }
        self.settle(attempt, is_final)
    }

    fn settle_in(
        &self,
        tx: &mut Transaction,
        outcome: Result<Outcome, BoxError>,
        batch: &Batch,
    ) -> Result<(Attempt, LaneRow), Refused> {
        let verdict = outcome.and_then(|outcome| judge(&outcome, batch, &self.job.config)).map_err(Refused::Handler)?;
        let row = self.row_after(&verdict, batch)?;
        self.put_row(tx, &row)?;
        Ok((verdict.attempt, row))
    }

    fn batch(&self, records: usize, is_final: bool) -> Batch {
        let records: Vec<Record> = self.pending.iter().take(records).cloned().collect();
        let length = self.job.config.tumbling_window;
        let open = self.row.window.as_ref();
        let window = records.first().map(|first| Window::of(first.arrived(), length)).or(open.map(|open| open.window));
        let window = window.filter(|_| self.job.config.has_windows() || is_final).map(|window| WindowCall {
            window,
            state: open.map(|open| open.state.clone()),
            is_final,
            is_terminated_early: is_final && open.is_some_and(|open| open.ends_early),
        });
        Batch { origin: Arc::clone(&self.job.origin), shard: Some(Arc::clone(&self.shard_name)), records, window }
    }

    /// Where the lane goes on after a verdict.
    fn row_after(&self, verdict: &Verdict, batch: &Batch) -> Result<LaneRow, Refused> {
        let done = match verdict.attempt {
            Attempt::Succeeded => batch.records.len(),
            Attempt::FailedAt(0) | Attempt::Failed => return Err(Refused::FailedAtFirst),
            Attempt::FailedAt(first) => first,
        };
        let window = match (&batch.window, &verdict.state) {
            (Some(call), Some(state)) if !call.is_final => Some(OpenWindow::with_state(call.window, state.clone())),
            _ => None,
        };
        Ok(LaneRow { next: self.next_after(done), is_at_end: false, window })
    }

    /// Draws the conclusions from an attempt.
    fn settle(&mut self, attempt: Attempt, is_final: bool) -> Result<(), Refused> {
        let Some(work) = &mut self.work else { return Ok(()) };
        let settled = work.retry.settle(attempt);
        work.resume = self.job.engine.clock().now().saturating_add(settled.wait);
        if work.retry.next().is_none() {
            self.work = None;
        }
        let is_given_up = self.work.is_none() && attempt != Attempt::Succeeded;
        self.meter.failures = match attempt {
            Attempt::Succeeded => 0,
            _ if settled.done > 0 => 1,
            _ => self.meter.failures.saturating_add(1),
        };
        if settled.done > 0 || (is_final && attempt == Attempt::Succeeded) {
            self.drop_pending(settled.done);
            self.job.meter.done(settled.done);
        }
        if settled.discarded > 0 {
            self.give_up(settled.discarded, Condition::RetryAttemptsExhausted, settled.invocations)?;
        } else if is_final && is_given_up {
            self.give_up_window(settled.invocations)?;
        }
        Ok(())
    }
}
