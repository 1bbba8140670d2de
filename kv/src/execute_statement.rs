//! One PartiQL statement: a page of items, or a change of one.

use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::kv::Kv;
use crate::model::{ExecuteStatementOutput, ExecuteStatementRequest};
use crate::partiql::{self, Asked, Binding, Bound, Wanted, Write};
use crate::{Error, Result, page};

const MAX_TOKEN_CHARACTERS: usize = 32_768;

/// A request whose own checks have passed.
pub(crate) struct Execute<'a> {
    request: &'a ExecuteStatementRequest,
    bound: Bound,
}

pub(crate) fn check(request: &ExecuteStatementRequest) -> Result<Execute<'_>> {
    let mut broken = Constraints::default();
    let parameters = request.parameters.as_deref();
    partiql::constrain(&mut broken, &request.statement, parameters, "");
    page::check_limit(&mut broken, request.limit);
    if let Some(token) = &request.next_token {
        if token.is_empty() {
            broken.breaks(token, "nextToken", "Member must have length greater than or equal to 1");
        } else if token.chars().nth(MAX_TOKEN_CHARACTERS).is_some() {
            broken.breaks_at("nextToken", "Member must have length less than or equal to 32768");
        }
    }
    broken.finish()?;
    let bound = Bound::new(&request.statement, parameters.unwrap_or_default())?;
    if matches!(bound, Bound::Exists(_)) {
        return Err(Error::validation("EXISTS can only be used in ExecuteTransaction write requests."));
    }
    Ok(Execute { request, bound })
}

fn read(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &ExecuteStatementRequest,
    read: &partiql::Read,
) -> Result<ExecuteStatementOutput> {
    let wanted = Wanted {
        limit: page::limit(request.limit),
        next_token: request.next_token.as_deref(),
        binding: Binding::new(&request.statement, request.parameters.as_deref().unwrap_or_default()),
        consistent_read: request.consistent_read,
        capacity: request.return_consumed_capacity,
    };
    let selected = read.run(catalog, reader, &wanted)?;
    Ok(ExecuteStatementOutput {
        items: selected.items,
        next_token: selected.next_token,
        last_evaluated_key: selected.last_evaluated_key,
        consumed_capacity: selected.consumed_capacity,
    })
}

fn write(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &ExecuteStatementRequest,
    write: &Write,
) -> Result<ExecuteStatementOutput> {
    let table = catalog.need(tx, write.table())?;
    let asked = Asked {
        capacity: request.return_consumed_capacity,
        on_failure: request.return_values_on_condition_check_failure,
    };
    let written = write.prepare(&table, asked)?.run(catalog, tx)?;
    Ok(ExecuteStatementOutput {
        items: written.attributes.into_iter().collect(),
        consumed_capacity: written.consumed_capacity,
        ..ExecuteStatementOutput::default()
    })
}

impl Kv {
    /// Does what a PartiQL statement says: a read sees one moment, a write is all or nothing.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html>
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::ResourceNotFound`], [`Error::ConditionalCheckFailed`], also for an update of an
    /// item that does not exist, [`Error::DuplicateItem`], and those of the engine.
    pub fn execute_statement(&self, request: &ExecuteStatementRequest) -> Result<ExecuteStatementOutput> {
        let execute = check(request)?;
        if let Some(throttle) = self.throttle() {
            return throttle.execute_statement(self, request, execute.bound.is_read());
        }
        match &execute.bound {
            Bound::Write(statement) => self.engine().transact(|tx| write(self.catalog(), tx, request, statement)),
            Bound::Read(statement) | Bound::Exists(statement) => {
                read(self.catalog(), &mut self.engine().snapshot()?, execute.request, statement)
            }
        }
    }

    /// [`execute_statement`](Kv::execute_statement) in the caller's transaction.
    ///
    /// # Errors
    /// As [`execute_statement`](Kv::execute_statement).
    pub fn execute_statement_in(
        &self,
        tx: &mut Transaction,
        request: &ExecuteStatementRequest,
    ) -> Result<ExecuteStatementOutput> {
        let execute = check(request)?;
        match &execute.bound {
            Bound::Write(statement) => tx.savepoint(|tx| write(self.catalog(), tx, request, statement)),
            Bound::Read(statement) | Bound::Exists(statement) => read(self.catalog(), tx, execute.request, statement),
        }
    }
}
