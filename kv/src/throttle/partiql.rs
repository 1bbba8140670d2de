//! PartiQL where capacity bounds it, as the operations on items are.

use millpond_engine::Transaction;

use super::operations::{ALL, Reports, is_throttling, shown, shown_all};
use super::{Access, Charge, Throttle, charges};
use crate::model::*;
use crate::partiql::Bound;
use crate::{Error, Kv, Result};

impl Throttle {
    pub(crate) fn execute_statement(
        &self,
        kv: &Kv,
        request: &ExecuteStatementRequest,
        is_read: bool,
    ) -> Result<ExecuteStatementOutput> {
        let asked = ExecuteStatementRequest { return_consumed_capacity: ALL, ..request.clone() };
        let run = |tx: &mut Transaction| kv.execute_statement_in(tx, &asked);
        let mut output = if is_read {
            let output = kv.engine().transact(run)?;
            self.admit_read(kv, output.consumed_capacity.as_ref())?;
            output
        } else {
            self.write(kv, run, |output| output.consumed_capacity.as_ref())?
        };
        output.consumed_capacity = shown(output.consumed_capacity, request.return_consumed_capacity);
        Ok(output)
    }

    pub(crate) fn execute_transaction(
        &self,
        kv: &Kv,
        request: &ExecuteTransactionRequest,
        statements: &[Bound],
    ) -> Result<ExecuteTransactionOutput> {
        let asked = ExecuteTransactionRequest { return_consumed_capacity: ALL, ..request.clone() };
        let access = access(statements.iter());
        let tables: Vec<&str> = statements.iter().map(Bound::parameter).collect();
        let (mut output, consumed, drawn) = kv.engine().transact(|tx| {
            let mut output = kv.execute_transaction_in(tx, &asked)?;
            let consumed = output.consumed_capacity.take().unwrap_or_default();
            let drawn = charges(kv.catalog(), tx, access, &consumed)?;
            self.check_actions(tx.clock().now(), &drawn, &tables)?;
            Ok::<_, Error>((output, consumed, drawn))
        })?;
        self.draw(kv.engine().clock().now(), &drawn);
        output.consumed_capacity = shown_all(consumed, request.return_consumed_capacity);
        Ok(output)
    }

    /// Does statement by statement what there is capacity for; the others are told that there was none.
    pub(crate) fn batch_execute_statement(
        &self,
        kv: &Kv,
        request: &BatchExecuteStatementRequest,
        statements: &[Result<Bound>],
    ) -> Result<BatchExecuteStatementOutput> {
        let access = access(statements.iter().flatten());
        let (output, drawn) = kv.engine().transact(|tx| {
            let (mut output, mut reports) = (BatchExecuteStatementOutput::default(), Reports::default());
            let mut drawn = Vec::new();
            for (member, statement) in request.statements.iter().zip(statements) {
                let one =
                    BatchExecuteStatementRequest { statements: vec![member.clone()], return_consumed_capacity: ALL };
                match tx.savepoint(|tx| self.one_of_batch(kv, tx, &one, access, &drawn)) {
                    Ok((done, charged)) => {
                        reports.add(done.consumed_capacity.unwrap_or_default());
                        output.responses.extend(done.responses);
                        drawn.extend(charged);
                    }
                    Err(error) if is_throttling(&error) => output.responses.push(refused(&error, statement)),
                    Err(error) => return Err(error),
                }
            }
            output.consumed_capacity = reports.shown(request.return_consumed_capacity);
            Ok((output, drawn))
        })?;
        self.draw(kv.engine().clock().now(), &drawn);
        Ok(output)
    }

    fn one_of_batch(
        &self,
        kv: &Kv,
        tx: &mut Transaction,
        one: &BatchExecuteStatementRequest,
        access: Access,
        drawn: &[Charge],
    ) -> Result<(BatchExecuteStatementOutput, Vec<Charge>)> {
        let done = kv.batch_execute_statement_in(tx, one)?;
        let charged = charges(kv.catalog(), tx, access, done.consumed_capacity.iter().flatten())?;
        match self.exceeded(tx.clock().now(), &charged, drawn) {
            None => Ok((done, charged)),
            Some(charge) => Err(charge.error()),
        }
    }
}

/// Statements of a request all read, or all write.
fn access<'a>(mut statements: impl Iterator<Item = &'a Bound>) -> Access {
    if statements.all(Bound::is_read) { Access::Read } else { Access::Write }
}

fn refused(error: &Error, statement: &Result<Bound>) -> BatchStatementResponse {
    let code = match error {
        Error::Throttling { .. } => BatchStatementErrorCode::ThrottlingError,
        _ => BatchStatementErrorCode::ProvisionedThroughputExceeded,
    };
    BatchStatementResponse {
        error: Some(BatchStatementError { code, message: error.to_string(), item: None }),
        table_name: statement.as_ref().ok().map(|bound| bound.parameter().to_owned()),
        item: None,
    }
}
