//! One row of an answer, the same for both engines.

use crate::{FromValue, StoreError, Value};

/// One row: its values in the order of the select list, and the statement it came from (for error messages only).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The value of the column at `index` (from 0) as `T`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the stored value is of another kind; [`StoreError::Engine`] when there is no such column.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, StoreError> {
        let value = self
            .values
            .get(index)
            .ok_or_else(|| StoreError::Engine(format!("no column {index} in the answer to: {}", self.sql)))?;
        T::from_value(value).map_err(|found| self.corrupt(index, &format!("found {found}")))
    }

    /// An inconsistency error that names the table and the column at `index`.
    pub(crate) fn corrupt(&self, index: usize, detail: &str) -> StoreError {
        StoreError::Corrupt {
            table: table(self.sql).to_owned(),
            column: column(self.sql, index).unwrap_or_else(|| format!("#{index}")),
            detail: detail.to_owned(),
        }
    }
}

/// The table a statement works on: the word after the first FROM, INTO or UPDATE.
fn table(sql: &str) -> &str {
    let mut words = sql.split_ascii_whitespace();
    words.find(|word| matches!(*word, "FROM" | "INTO" | "UPDATE"));
    words.next().unwrap_or("?")
}

/// Name of the column at `index`, read from the select list or from RETURNING.
fn column(sql: &str, index: usize) -> Option<String> {
    let list = match sql.split_once("RETURNING ") {
        Some((_, list)) => list,
        None => sql.strip_prefix("SELECT ")?.split_once(" FROM ")?.0,
    };
    list.split(',').nth(index).map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inconsistency_names_table_and_column() {
        let row = |sql| Row { sql, values: vec![Value::Int(1), Value::Null] };
        let named = |table: &str, column: &str, detail: &str| StoreError::Corrupt {
            table: table.to_owned(),
            column: column.to_owned(),
            detail: detail.to_owned(),
        };
        assert_eq!(
            row("SELECT name, state FROM things WHERE id = $1").get::<String>(1),
            Err(named("things", "state", "found NULL"))
        );
        assert_eq!(
            row("UPDATE things SET a = $1 RETURNING name, state").get::<String>(0),
            Err(named("things", "name", "found an integer"))
        );
        assert!(matches!(row("SELECT name, state FROM things").get::<i64>(2), Err(StoreError::Engine(_))));
    }
}
