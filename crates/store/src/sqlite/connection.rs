//! One connection to a `SQLite` file: its settings, statements, and errors in the store's terms.

use std::cell::Cell;
use std::ffi::CStr;
use std::fs::OpenOptions;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ffi};

use crate::tx::Statements;
use crate::{Row, StoreError, Value};

/// How long to wait for another process that writes. Shorter than a caller's deadline.
const BUSY: Duration = Duration::from_secs(4);
/// More than there are statements, so that each is compiled once per connection.
const STATEMENTS: usize = 256;

/// How long a search may take (`management-api.md` §5.4 "Timeout 503").
const SEARCH: Duration = Duration::from_secs(2);
/// Steps of the engine between two looks at the time.
const STEPS: i32 = 20_000;

thread_local! {
    /// When the search that runs on this thread is given up.
    static GIVEN_UP: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Names of the first parameters; few statements have more. `$1` is a *name* to `SQLite`: its index follows the order of appearance.
const NAMES: [&CStr; 24] = [
    c"$1", c"$2", c"$3", c"$4", c"$5", c"$6", c"$7", c"$8", c"$9", c"$10", c"$11", c"$12", c"$13", c"$14", c"$15",
    c"$16", c"$17", c"$18", c"$19", c"$20", c"$21", c"$22", c"$23", c"$24",
];

/// Of the connection that writes. cache_size: 16 MiB, as many pages as a batch of an import touches; they are there only once
/// they were needed. wal_autocheckpoint: 16 MiB, so that a page that many transactions change is copied to its place once.
const WRITER: &str = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4096;";

/// Opens the file for writing; makes it, for this user only, if there is none.
pub(super) fn open(path: &str) -> Result<Connection, StoreError> {
    make_private(path)?;
    let connection = connect(path)?;
    write_ahead(&connection)?;
    // FULL: a commit is on the disk before it returns. fullfsync: on macOS fsync alone does not reach the disk.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;")
        .and_then(|()| connection.execute_batch(WRITER))
        .map_err(|error| self::error(&connection, &error))?;
    Ok(connection)
}

/// Switches the file to WAL, where readers and the writer do not wait for each other. Once done it stays so.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    const ATTEMPTS: u32 = 40;
    for _ in 0..ATTEMPTS {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::Unavailable(format!("the file system allows only journal mode {mode}")));
            }
            // Another process is at the same switch; SQLite does not wait by itself here.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(BUSY / ATTEMPTS);
            }
            Err(error) => return Err(self::error(connection, &error)),
        }
    }
    Err(StoreError::Unavailable("the database file is locked".to_owned()))
}

/// Opens the file for reading.
pub(super) fn open_reader(path: &str) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(|error| self::error(&connection, &error))?;
    Ok(connection)
}

fn connect(path: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)
        .map_err(|error| StoreError::Unavailable(format!("cannot open {path}: {error}")))?;
    connection.busy_timeout(BUSY).map_err(|error| self::error(&connection, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let given_up = || GIVEN_UP.get().is_some_and(|end| Instant::now() >= end);
    connection.progress_handler(STEPS, Some(given_up)).map_err(|error| self::error(&connection, &error))?;
    // LIKE as PostgreSQL has it.
    connection
        .execute_batch("PRAGMA case_sensitive_like = ON;")
        .map_err(|error| StoreError::Unavailable(format!("cannot open {path}: {error}")))?;
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
        for (index, value) in params.iter().enumerate().skip(NAMES.len()) {
            let name = format!("${}", index + 1);
            statement.raw_bind_parameter(name.as_str(), value).map_err(|error| self::error(self.0, &error))?;
        }
        Ok(statement)
    }

    fn rows(&self, label: &'static str, columns: usize, mut found: rusqlite::Rows<'_>) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| self::error(self.0, &error))? {
            let values = (0..columns).map(|index| {
                let value = row.get_ref(index).map_err(|error| self::error(self.0, &error))?;
                read(value).ok_or_else(|| {
                    Row { sql: label, values: Vec::new() }.corrupt(index, "not a value this program writes")
                })
            });
            rows.push(Row { sql: label, values: values.collect::<Result<_, _>>()? });
        }
        Ok(rows)
    }

    fn composed(&self, sql: &str, label: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.0.prepare(sql).map_err(|error| self::error(self.0, &error))?;
        if statement.parameter_count() != params.len() {
            return Err(StoreError::Engine(format!("{} parameters for: {label}", params.len())));
        }
        for (number, value) in (1..).zip(params) {
            let name = format!("${number}");
            statement.raw_bind_parameter(name.as_str(), value).map_err(|error| self::error(self.0, &error))?;
        }
        let columns = statement.column_count();
        self.rows(label, columns, statement.raw_query())
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
        self.rows(sql, columns, statement.raw_query())
    }

    fn query_composed(&mut self, sql: &str, label: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        GIVEN_UP.set(Instant::now().checked_add(SEARCH));
        let rows = self.composed(sql, label, params);
        GIVEN_UP.set(None);
        rows
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_durable_and_the_file_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db").to_str().unwrap().to_owned();
        let connection = open(&path).unwrap();
        let setting = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((setting("synchronous"), setting("fullfsync"), setting("foreign_keys")), (2, 1, 1));
        connection.execute_batch("CREATE TABLE t (n BIGINT)").unwrap();
        #[cfg(unix)]
        for file in [path.clone(), format!("{path}-wal"), format!("{path}-shm")] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db").to_str().unwrap().to_owned();
        open(&path).unwrap().execute_batch("CREATE TABLE t (n BIGINT)").unwrap();
        let reader = open_reader(&path).unwrap();
        let refused = Session(&reader).execute("INSERT INTO t (n) VALUES ($1)", &[Value::Int(1)]);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }

    #[test]
    fn parameters_are_bound_by_name_in_any_order() {
        let connection = Connection::open_in_memory().unwrap();
        let mut session = Session(&connection);
        let rows = session.query("SELECT $2, $1, $2", &[Value::Int(1), Value::Int(2)]).unwrap();
        assert_eq!(rows[0].values, [Value::Int(2), Value::Int(1), Value::Int(2)]);
        assert!(matches!(session.query("SELECT $1", &[]), Err(StoreError::Engine(_))));
        let many: Vec<Value> = (1..=30).map(Value::Int).collect();
        let sql = "SELECT $30, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
                   $21, $22, $23, $24, $25, $26, $27, $28, $29";
        let rows = session.query(sql, &many).unwrap();
        assert_eq!((&rows[0].values[0], &rows[0].values[25]), (&Value::Int(30), &Value::Int(25)));
    }

    #[test]
    fn a_violated_index_is_named_as_in_postgresql() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (a TEXT, b TEXT, c TEXT, PRIMARY KEY (a, b));
                 CREATE UNIQUE INDEX t_c_key ON t (a, c) WHERE c IS NOT NULL;
                 INSERT INTO t VALUES ('1', '2', '3');",
            )
            .unwrap();
        let mut session = Session(&connection);
        let mut conflict = |sql| session.execute(sql, &[]).unwrap_err().constraint().map(str::to_owned);
        assert_eq!(conflict("INSERT INTO t VALUES ('1', '2', NULL)").as_deref(), Some("t_pkey"));
        assert_eq!(conflict("INSERT INTO t VALUES ('1', '9', '3')").as_deref(), Some("t_c_key"));
    }
}
