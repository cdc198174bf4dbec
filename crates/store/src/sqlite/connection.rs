//! One connection to a `SQLite` file: its settings, statements, and errors in the store's terms.

use std::ffi::CStr;
use std::fs::OpenOptions;
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ffi};

use crate::tx::Statements;
use crate::{Row, StoreError, Value};

/// How long to wait for another process that writes. Shorter than a caller's deadline.
const BUSY: Duration = Duration::from_secs(4);
/// More than there are statements, so that each is compiled once per connection.
const STATEMENTS: usize = 256;

/// Names of the parameters. `$1` is a *name* to `SQLite`: its index follows the order of appearance.
const NAMES: [&CStr; 20] = [
    c"$1", c"$2", c"$3", c"$4", c"$5", c"$6", c"$7", c"$8", c"$9", c"$10", c"$11", c"$12", c"$13", c"$14", c"$15",
    c"$16", c"$17", c"$18", c"$19", c"$20",
];

/// Opens the file for writing; makes it, for this user only, if there is none.
pub(super) fn open(path: &str) -> Result<Connection, StoreError> {
    make_private(path)?;
    let connection = connect(path)?;
    // WAL: readers and the writer do not wait for each other. FULL: a commit is on the disk before it returns.
    // fullfsync: on macOS fsync alone does not reach the disk.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;",
        )
        .map_err(|error| self::error(&connection, &error))?;
    Ok(connection)
}

/// Opens the file for reading.
pub(super) fn open_reader(path: &str) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(|error| self::error(&connection, &error))?;
    Ok(connection)
}

fn connect(path: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| StoreError::Unavailable(format!("cannot open {path}: {error}")))?;
    connection.busy_timeout(BUSY).map_err(|error| self::error(&connection, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Password hashes and sealed keys are nobody else's business. `SQLite` gives its side files the same mode.
fn make_private(path: &str) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| StoreError::Unavailable(format!("cannot open {path}: {error}")))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The statements of a job on this connection.
pub(super) struct Session<'c>(pub(super) &'c Connection);

impl Session<'_> {
    fn bound(&self, sql: &str, params: &[Value]) -> Result<CachedStatement<'_>, StoreError> {
        let mut statement = self.0.prepare_cached(sql).map_err(|error| self::error(self.0, &error))?;
        if statement.parameter_count() != params.len() {
            return Err(StoreError::Engine(format!("{} parameters for: {sql}", params.len())));
        }
        for (name, value) in NAMES.iter().zip(params) {
            statement.raw_bind_parameter(*name, value).map_err(|error| self::error(self.0, &error))?;
        }
        Ok(statement)
    }
}

impl Statements for Session<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        let changed = self.bound(sql, params)?.raw_execute().map_err(|error| self::error(self.0, &error))?;
        Ok(changed as u64)
    }

    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.bound(sql, params)?;
        let columns = statement.column_count();
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| self::error(self.0, &error))? {
            let values = (0..columns).map(|index| {
                let value = row.get_ref(index).map_err(|error| self::error(self.0, &error))?;
                read(value)
                    .ok_or_else(|| Row { sql, values: Vec::new() }.corrupt(index, "not a value this program writes"))
            });
            rows.push(Row { sql, values: values.collect::<Result<_, _>>()? });
        }
        Ok(rows)
    }

    fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.0.prepare_cached(sql).map(drop).map_err(|error| self::error(self.0, &error))
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.0.execute_batch(sql).map_err(|error| self::error(self.0, &error))
    }
}

fn read(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Null => Some(Value::Null),
        ValueRef::Integer(number) => Some(Value::Int(number)),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).ok().map(Value::Text),
        ValueRef::Blob(bytes) => Some(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => None,
    }
}

/// An error of `SQLite` in the store's terms.
pub(super) fn error(connection: &Connection, error: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return StoreError::Engine(error.to_string());
    };
    match (failure.code, failure.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            let constraint = message.as_deref().and_then(|message| violated(connection, message));
            StoreError::Conflict { constraint: constraint.unwrap_or_else(|| "unique".to_owned()) }
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::Conflict { constraint: "foreign_key".to_owned() },
        (
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed,
            _,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Engine(error.to_string()),
    }
}

/// Name of the violated unique index, as PostgreSQL would give it. `SQLite` names only the columns
/// (`UNIQUE constraint failed: users.tenant_id, users.user_id`), so the index with these columns is looked up.
fn violated(connection: &Connection, message: &str) -> Option<String> {
    let (_, failed) = message.split_once("constraint failed: ")?;
    let (table, _) = failed.split_once('.')?;
    let failed: Vec<&str> =
        failed.split(", ").filter_map(|column| column.split_once('.').map(|(_, name)| name)).collect();
    let mut indexes =
        connection.prepare_cached(r#"SELECT name, origin FROM pragma_index_list(?1) WHERE "unique" = 1"#).ok()?;
    let mut columns = connection.prepare_cached("SELECT name FROM pragma_index_info(?1) ORDER BY seqno").ok()?;
    let indexes = indexes.query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).ok()?;
    for (name, origin) in indexes.filter_map(Result::ok) {
        let columns: Vec<String> = columns.query_map([&name], |row| row.get(0)).ok()?.filter_map(Result::ok).collect();
        if columns == failed {
            return Some(if origin == "pk" { format!("{table}_pkey") } else { name });
        }
    }
    None
}
