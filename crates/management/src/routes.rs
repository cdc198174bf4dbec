//! The routes of the API, made from the table of operations, and the checks that every call passes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, any};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use keywright_app::{App, Caller, Limit};
use keywright_types::Tenant;
use keywright_web::rate_limits;
use keywright_web::{CurrentCaller, CurrentTenant};
use serde_json::Value;

use crate::authentication::{self, Bearer};
use crate::body;
use crate::call::{Call, Reply};
use crate::cross_origin;
use crate::error::{ApiError, JSON, NO_STORE};
use crate::log;
use crate::operation::{BASE, Operation};
use crate::query::Query;
use crate::resources;
use crate::schema::Problem;

/// Characters of one parameter in a path: an audience may have 600, each of them three bytes and three more for each byte.
const LONGEST_PARAMETER: usize = 2048;

/// Every route of this surface, and the background jobs that are its own. Expects `keywright_web::tenancy::resolve` around it.
pub fn router(app: &App) -> Router<App> {
    handle_jobs(app);
    let mut by_path: BTreeMap<&'static str, MethodRouter<App>> = BTreeMap::new();
    for operation in resources::all().into_iter().flat_map(|resource| resource.operations) {
        let Some(filter) = filter(&operation.method) else { continue };
        let (path, operation) = (operation.path, Arc::new(operation));
        let handler = move |State(app): State<App>,
                            CurrentTenant(tenant): CurrentTenant,
                            CurrentCaller(caller): CurrentCaller,
                            path: Result<Path<Vec<(String, String)>>, PathRejection>,
                            uri: Uri,
                            headers: HeaderMap,
                            body: Body| {
            let request = Incoming { app, tenant, caller, path, uri, headers };
            let operation = operation.clone();
            async move { request.answer(&operation, body).await }
        };
        let routes = by_path.remove(path).unwrap_or_default();
        by_path.insert(path, routes.on(filter, handler));
    }
    let mut router = Router::new();
    for (path, routes) in by_path {
        router = router.route(&format!("{BASE}{path}"), routes.fallback(unknown));
    }
    router = router.merge(resources::downloads());
    // §1.1: what is no path of the API, and what is not the method of one.
    for path in [BASE.to_owned(), format!("{BASE}/"), format!("{BASE}/{{*rest}}")] {
        router = router.route(&path, any(unknown));
    }
    router
        .layer(from_fn_with_state(app.clone(), limited))
        .layer(from_fn_with_state(app.clone(), cross_origin::registered_origins))
}

/// Has the background jobs of this surface done on this node.
pub(crate) fn handle_jobs(app: &App) {
    app.handle_jobs(resources::CONNECTION_DELETION, Arc::new(resources::Deletion));
    app.handle_jobs(resources::USERS_IMPORT, Arc::new(resources::Import::new()));
    app.handle_jobs(resources::USERS_EXPORT, Arc::new(resources::Export));
}

fn filter(method: &Method) -> Option<MethodFilter> {
    MethodFilter::try_from(method.clone()).ok()
}

async fn unknown() -> ApiError {
    ApiError::unknown_path()
}

/// §1.11: one bucket for all operations of the tenant.
async fn limited(app: State<App>, tenant: CurrentTenant, request: Request, next: Next) -> Response {
    let refused = || ApiError::too_many_requests().into_response();
    let failed = |error| ApiError::from(error).into_response();
    rate_limits::one_bucket(app, tenant, request, next, Limit::ManagementApi, refused, failed).await
}

/// A request before anything of it was looked at, but for its body.
pub(crate) struct Incoming {
    pub(crate) app: App,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) caller: Caller,
    pub(crate) path: Result<Path<Vec<(String, String)>>, PathRejection>,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Incoming {
    async fn answer(self, operation: &Operation, body: Body) -> Response {
        match self.run(operation, body).await {
            Ok(reply) => respond(operation, reply),
            Err(error) => error.into_response(),
        }
    }

    /// The order of the checks: who calls, may they do this, and then what exactly they want.
    async fn run(self, operation: &Operation, body: Body) -> Result<Reply, ApiError> {
        let bearer = authentication::authenticate(&self.app, &self.tenant, &self.headers).await?;
        self.run_for(operation, &bearer, body).await
    }

    /// The same for a caller who is known.
    pub(crate) async fn run_for(self, operation: &Operation, bearer: &Bearer, body: Body) -> Result<Reply, ApiError> {
        let path = self.path_parameters(operation);
        authentication::authorize(operation, bearer, path.as_deref().unwrap_or_default())?;
        // From here on the caller is known and allowed: a change that is refused is in the tenant log.
        let mut said = Value::Null;
        let outcome = self.checked(operation, bearer, path, body, &mut said).await;
        if let Err(error) = &outcome
            && operation.changes()
            && error.status().is_client_error()
        {
            let shown = self.uri.path().strip_prefix(BASE).unwrap_or_default();
            let event = log::refusal(operation, bearer, &self.caller, shown, &said, error);
            self.app.log(&self.tenant.id, event).await?;
        }
        outcome
    }

    /// The checks of a request that need nothing of the database.
    pub(crate) async fn check(self, operation: &Operation, bearer: &Bearer, body: Body) -> Result<(), ApiError> {
        let path = self.path_parameters(operation)?;
        authentication::authorize(operation, bearer, &path)?;
        Query::read(self.uri.query(), &operation.query)?;
        let bytes = body::collect(body, operation, body::MAX).await?;
        let (body, _) = body::read(operation, &self.headers, &bytes, body::MAX).await?;
        authentication::authorize_members(operation, bearer, &body)
    }

    async fn checked(
        &self,
        operation: &Operation,
        bearer: &Bearer,
        path: Result<Vec<(String, String)>, ApiError>,
        sent: Body,
        said: &mut Value,
    ) -> Result<Reply, ApiError> {
        let path = path?;
        let query = Query::read(self.uri.query(), &operation.query)?;
        let longest_file = self.app.users_import_limit();
        let bytes: Bytes = body::collect(sent, operation, longest_file).await?;
        let (body, file) = body::read(operation, &self.headers, &bytes, longest_file).await?;
        drop(bytes);
        *said = body.clone();
        authentication::authorize_members(operation, bearer, &body)?;
        let shown = self.uri.path().strip_prefix(BASE).unwrap_or_default();
        let event = log::change(operation, bearer, &self.caller, shown, &body);
        let logged = Arc::new(AtomicBool::new(false));
        let call = Call {
            app: self.app.clone(),
            tenant: self.tenant.clone(),
            bearer: Arc::new(bearer.clone()),
            caller: self.caller.clone(),
            path,
            query,
            body,
            file,
            event: event.clone(),
            logged: logged.clone(),
        };
        let reply = (operation.handler)(call).await?;
        // What was changed by several transactions, or by none, is logged on its own, before the answer.
        if operation.changes() && !logged.load(Ordering::Relaxed) {
            self.app.log(&self.tenant.id, event).await?;
        }
        Ok(reply)
    }

    /// §1.1: "Decode after routing, never before: an encoded `/` belongs to the id."
    fn path_parameters(&self, operation: &Operation) -> Result<Vec<(String, String)>, ApiError> {
        let malformed = |name: &str, reason: &str| {
            let problem = Problem { path: name.to_owned(), reason: reason.to_owned(), description: "" };
            ApiError::invalid("Path", "invalid_uri", &[problem])
        };
        let parameters = match &self.path {
            Ok(Path(parameters)) => parameters,
            Err(_) if operation.path_parameters().next().is_none() => return Ok(Vec::new()),
            Err(_) => return Err(malformed("", "The path is not valid UTF-8")),
        };
        for (name, value) in parameters {
            if value.contains('\0') {
                return Err(malformed(name, "String contains a NUL character"));
            }
            let length = value.chars().count();
            if length > LONGEST_PARAMETER {
                let reason = format!("String is too long ({length} chars), maximum {LONGEST_PARAMETER}");
                return Err(malformed(name, &reason));
            }
        }
        Ok(parameters.clone())
    }
}

fn respond(operation: &Operation, reply: Reply) -> Response {
    let status = reply.status.unwrap_or(operation.success);
    // What the document promises is what is answered; in tests every answer is held against it.
    if cfg!(debug_assertions)
        && let (Some(body), Some(schema)) = (&reply.body, &operation.answer)
    {
        let problems = schema.problems(&mut body.clone());
        debug_assert!(problems.is_empty(), "{} {}: {problems:?}", operation.method, operation.path);
    }
    let mut response = match reply.body {
        // RFC 9110 §15.3.5: "A 204 response is terminated by the end of the header section".
        Some(body) if status != StatusCode::NO_CONTENT => (status, [JSON, NO_STORE], body.to_string()).into_response(),
        _ => (status, [NO_STORE]).into_response(),
    };
    if let Some(link) = reply.link.and_then(|link| HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
