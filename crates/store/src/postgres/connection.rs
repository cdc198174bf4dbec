//! One connection to PostgreSQL: its settings, its statement cache, and errors in the store's terms.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::encryption;
use crate::{Row, StoreError, Value};

/// Shorter than a caller's deadline, so that the caller hears what happened.
const CONNECT: Duration = Duration::from_secs(3);
/// After this time without an acknowledgement a connection counts as broken.
const SILENCE: Duration = Duration::from_secs(5);
/// A statement that takes longer is given up by the server, a little before its caller would.
const SETTINGS: &str = "-c statement_timeout=4000 -c idle_in_transaction_session_timeout=10000";

/// Where the database is.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    /// `None` for plain text.
    encryption: Option<MakeRustlsConnect>,
}

impl Server {
    pub(super) fn new(url: &str) -> Result<Self, StoreError> {
        // The cause is not repeated: it can hold parts of the URL, and the URL can hold a password.
        let (url, asked) = encryption::split(url)?;
        let mut config: Config =
            url.parse().map_err(|_| StoreError::Engine("the PostgreSQL URL cannot be understood".to_owned()))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("keywright");
        }
        let options = config.get_options().map_or_else(|| SETTINGS.to_owned(), |own| format!("{SETTINGS} {own}"));
        config.options(&options).tcp_user_timeout(SILENCE);
        let encryption = asked.connector(&config)?;
        // Never the library's default, which falls back to plain text.
        config.ssl_mode(if encryption.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, encryption })
    }

    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        let client = match &self.encryption {
            Some(encryption) => self.config.connect(encryption.clone()),
            None => self.config.connect(NoTls),
        };
        let client = client.map_err(|error| match error.as_db_error() {
            None => StoreError::Unavailable(described(&error)),
            // A wrong password or a missing database is for the operator to mend; the server need not be restarted for it.
            Some(refused) => StoreError::Unavailable(format!("refused by PostgreSQL: {}", refused.message())),
        })?;
        Ok(Connection { client, statements: HashMap::new() })
    }
}

/// A connection and the statements it knows.
pub(super) struct Connection {
    pub(super) client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Connection {
    /// The statement, prepared once per connection.
    pub(super) fn prepared(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    pub(super) fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, postgres::Error> {
        let statement = self.prepared(sql)?;
        self.client.execute(&statement, &bound(params))
    }

    pub(super) fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, postgres::Error> {
        let statement = self.prepared(sql)?;
        let found = self.client.query(&statement, &bound(params))?;
        let read = |row: &postgres::Row| -> Result<Row, postgres::Error> {
            let values = (0..row.len()).map(|index| row.try_get(index)).collect::<Result<_, _>>()?;
            Ok(Row { sql, values })
        };
        found.iter().map(read).collect()
    }
}

impl Connection {
    /// A statement that is not kept.
    pub(super) fn query_composed(
        &mut self,
        sql: &str,
        label: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, postgres::Error> {
        let found = self.client.query(sql, &bound(params))?;
        let read = |row: &postgres::Row| -> Result<Row, postgres::Error> {
            let values = (0..row.len()).map(|index| row.try_get(index)).collect::<Result<_, _>>()?;
            Ok(Row { sql: label, values })
        };
        found.iter().map(read).collect()
    }
}

fn bound(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

type Refusal = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, column: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) if *column == Type::TEXT => text.to_sql(column, out),
            Self::Int(number) if *column == Type::INT8 => number.to_sql(column, out),
            Self::Bool(truth) if *column == Type::BOOL => truth.to_sql(column, out),
            Self::Bytes(bytes) if *column == Type::BYTEA => bytes.to_sql(column, out),
            other => Err(format!("{} for a parameter of type {column}", other.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(column: &Type, raw: &'a [u8]) -> Result<Self, Refusal> {
        match *column {
            Type::TEXT => String::from_sql(column, raw).map(Self::Text),
            Type::INT8 => i64::from_sql(column, raw).map(Self::Int),
            Type::BOOL => bool::from_sql(column, raw).map(Self::Bool),
            Type::BYTEA => Vec::from_sql(column, raw).map(Self::Bytes),
            _ => Err(format!("a column of type {column}").into()),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Refusal> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Whether the connection is of no use any more.
pub(super) fn is_lost(error: &postgres::Error) -> bool {
    match error.code() {
        None => error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>),
        Some(code) => [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ]
        .contains(code),
    }
}

/// An error of PostgreSQL in the store's terms.
pub(super) fn error(error: &postgres::Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        return if is_lost(error) {
            StoreError::Unavailable(described(error))
        } else {
            StoreError::Engine(described(error))
        };
    };
    let code = db.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return StoreError::Conflict { constraint: db.constraint().unwrap_or("unique").to_owned() };
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return StoreError::Conflict { constraint: "foreign_key".to_owned() };
    }
    // Classes: 08 connection, 40 rolled back (deadlock), 53 out of resources, 57 given up or shutting down; and a server that
    // has become a standby.
    let passing = ["08", "40", "53", "57"].iter().any(|class| code.code().starts_with(class))
        || *code == SqlState::READ_ONLY_SQL_TRANSACTION;
    let message = format!("{} ({})", db.message(), code.code());
    if passing { StoreError::Unavailable(message) } else { StoreError::Engine(message) }
}

/// The error with its cause, which alone often says what happened.
fn described(error: &postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
