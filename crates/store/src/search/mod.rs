//! Searches: statements that are put together from a query (`management-api.md` §5.4, §12.1).
//!
//! What is put together are constants of this folder; everything that comes from a query is a parameter. Every condition is
//! true or false and never NULL, so that `NOT` means what it says.

pub(crate) mod index;
pub mod logs;
mod text;
mod user_access;
mod user_condition;
pub mod users;

use crate::Value;

/// Matches that are counted along with a page; as many as pages by number reach. Each one costs a row that is read from anywhere
/// in the table.
pub const COUNTED: i64 = 1_000;

/// A statement in the making.
pub(crate) struct Composed {
    params: Vec<Value>,
}

impl Composed {
    /// `$1` is the tenant in every statement.
    pub(crate) fn of(tenant: &keywright_types::TenantId) -> Self {
        Self { params: vec![tenant.into()] }
    }

    /// Adds a parameter; gives its name.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// The parameters, in the order of their names.
    pub(crate) fn params(&self) -> &[Value] {
        &self.params
    }
}
