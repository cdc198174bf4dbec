//! Refresh families, and the access tokens a replayed code has ended.

use std::sync::Arc;

use keywright_store::refresh_tokens::{self, Exchange, FamilyOwner, RefreshTokenRow};
use keywright_store::{Store, Tx, access_token_revocations};
use keywright_types::TenantId;

use crate::database::Database;
use crate::rows::{acme, at, family, populate, umbrella};

/// A rotating use of `generation` at `seconds`, without leeway, that moves the idle end by 100 s.
pub(crate) fn rotation(generation: i64, seconds: i64) -> Exchange {
    Exchange {
        generation,
        rotating: true,
        leeway_since: None,
        now: at(seconds),
        idle_expires_at: Some(at(seconds + 100)),
        expires_at: Some(at(seconds + 1000)),
    }
}

async fn insert(store: &Store, row: RefreshTokenRow) {
    store.write(move |tx| refresh_tokens::insert(tx, &acme(), &row)).await.unwrap();
}

async fn with_family(database: &Database) -> Store {
    let store = database.open().await;
    insert(&store, family("f1")).await;
    store
}

async fn exchange(store: &Store, exchange: Exchange) -> Option<RefreshTokenRow> {
    store.write(move |tx| refresh_tokens::exchange(tx, &acme(), "f1", &exchange)).await.unwrap()
}

async fn find(store: &Store, id: &'static str) -> Option<RefreshTokenRow> {
    store.read(move |tx| refresh_tokens::find(tx, &acme(), id)).await.unwrap()
}

pub(crate) async fn are_found_in_any_state(database: Arc<Database>) {
    let store = with_family(&database).await;
    let mut other = family("f2");
    (other.session_id, other.idle_expires_at, other.expires_at) = (None, None, None);
    (other.rotated_at, other.last_exchanged_at, other.revoked_at) = (Some(at(1)), Some(at(2)), Some(at(3)));
    (other.rotating, other.generation) = (false, 41);
    insert(&store, other.clone()).await;
    assert_eq!(find(&store, "f1").await, Some(family("f1")));
    assert_eq!(find(&store, "f2").await, Some(other));
    assert_eq!(find(&store, "f3").await, None);
    let again = store.write(|tx| refresh_tokens::insert(tx, &acme(), &family("f1"))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("refresh_tokens_pkey"));
}

pub(crate) async fn rt_01_rotate_by_compare_and_set(database: Arc<Database>) {
    let store = with_family(&database).await;
    let mut expected = family("f1");
    (expected.generation, expected.rotated_at, expected.last_exchanged_at) = (1, Some(at(10)), Some(at(10)));
    expected.idle_expires_at = Some(at(110));
    assert_eq!(exchange(&store, rotation(0, 10)).await, Some(expected.clone()));
    assert_eq!(exchange(&store, rotation(0, 11)).await, None, "the old generation");
    assert_eq!(exchange(&store, rotation(2, 11)).await, None, "a generation that was never issued");
    assert_eq!(find(&store, "f1").await, Some(expected));
    assert_eq!(exchange(&store, rotation(1, 12)).await.unwrap().generation, 2);
}

pub(crate) async fn without_rotation_stay_the_same(database: Arc<Database>) {
    let store = with_family(&database).await;
    for seconds in [10, 20] {
        let used = exchange(&store, Exchange { rotating: false, ..rotation(0, seconds) }).await.unwrap();
        assert_eq!((used.generation, used.rotated_at, used.rotating), (0, None, false));
        assert_eq!((used.last_exchanged_at, used.idle_expires_at), (Some(at(seconds)), Some(at(seconds + 100))));
    }
}

pub(crate) async fn rt_02_leeway_leads_to_the_same_successor(database: Arc<Database>) {
    let store = with_family(&database).await;
    exchange(&store, rotation(0, 10)).await.unwrap();
    let late = |seconds: i64| Exchange { leeway_since: Some(at(seconds - 5)), ..rotation(0, seconds) };
    let again = exchange(&store, late(14)).await.unwrap();
    assert_eq!((again.generation, again.rotated_at, again.last_exchanged_at), (1, Some(at(10)), Some(at(14))));
    assert!(exchange(&store, late(15)).await.is_some(), "the leeway has not grown, and its end is within it");
    assert_eq!(exchange(&store, late(16)).await, None);
    assert_eq!(exchange(&store, rotation(1, 17)).await.unwrap().generation, 2, "the successor is still good");
}

pub(crate) async fn rt_02_leeway_is_not_for_the_token_before_the_previous(database: Arc<Database>) {
    let store = with_family(&database).await;
    exchange(&store, rotation(0, 10)).await.unwrap();
    exchange(&store, rotation(1, 11)).await.unwrap();
    let leeway = Exchange { leeway_since: Some(at(0)), ..rotation(0, 12) };
    assert_eq!(exchange(&store, leeway).await, None);
}

pub(crate) async fn rt_06_idle_and_absolute_ends_hold(database: Arc<Database>) {
    let store = with_family(&database).await;
    assert_eq!(exchange(&store, rotation(0, 100)).await, None);
    assert!(exchange(&store, rotation(0, 99)).await.is_some());
    let endless = Exchange { idle_expires_at: None, ..rotation(1, 198) };
    assert!(exchange(&store, endless).await.is_some());
    assert_eq!(exchange(&store, rotation(2, 1000)).await, None);
    assert!(exchange(&store, rotation(2, 999)).await.is_some());
}

pub(crate) async fn rt_06_rotation_never_moves_the_absolute_end(database: Arc<Database>) {
    let store = with_family(&database).await;
    let used = exchange(&store, Exchange { expires_at: Some(at(9000)), ..rotation(0, 50) }).await.unwrap();
    assert_eq!(used.expires_at, Some(at(1000)));
    let used = exchange(&store, Exchange { expires_at: None, ..rotation(1, 51) }).await.unwrap();
    assert_eq!(used.expires_at, Some(at(1000)));
}

pub(crate) async fn become_expiring_when_the_application_does(database: Arc<Database>) {
    let store = database.open().await;
    let mut row = family("f1");
    (row.idle_expires_at, row.expires_at) = (None, None);
    insert(&store, row).await;
    let endless = Exchange { idle_expires_at: None, expires_at: None, ..rotation(0, 5000) };
    let used = exchange(&store, endless).await.unwrap();
    assert_eq!((used.idle_expires_at, used.expires_at), (None, None));
    let used = exchange(&store, rotation(1, 6000)).await.unwrap();
    assert_eq!((used.idle_expires_at, used.expires_at), (Some(at(6100)), Some(at(7000))));
}

pub(crate) async fn switch_rotation_on_and_off(database: Arc<Database>) {
    let store = database.open().await;
    let mut row = family("f1");
    row.rotating = false;
    insert(&store, row).await;
    let on = exchange(&store, rotation(0, 1)).await.unwrap();
    assert_eq!((on.generation, on.rotating), (1, true));
    let off = exchange(&store, Exchange { rotating: false, ..rotation(1, 2) }).await.unwrap();
    assert_eq!((off.generation, off.rotating, off.rotated_at), (1, false, Some(at(1))));
}

pub(crate) async fn are_revoked(database: Arc<Database>) {
    let store = with_family(&database).await;
    assert!(store.write(|tx| refresh_tokens::revoke(tx, &acme(), "f1", at(5))).await.unwrap());
    assert!(!store.write(|tx| refresh_tokens::revoke(tx, &acme(), "f1", at(6))).await.unwrap());
    assert!(!store.write(|tx| refresh_tokens::revoke(tx, &acme(), "f2", at(6))).await.unwrap());
    assert_eq!(find(&store, "f1").await.unwrap().revoked_at, Some(at(5)));
    assert_eq!(exchange(&store, rotation(0, 7)).await, None);
}

/// Families of app and ann for two APIs, of another application and of another user.
async fn several(store: &Store) {
    for id in ["f1", "f2", "f3"] {
        insert(store, family(id)).await;
    }
    let (mut other_api, mut other_client, mut other_user) = (family("api"), family("client"), family("user"));
    other_api.audience = "users:api".to_owned();
    other_client.client_id = "other".to_owned();
    other_user.user_id = "auth0|bob".to_owned();
    for row in [other_api, other_client, other_user] {
        insert(store, row).await;
    }
}

async fn revoked(store: &Store) -> Vec<&'static str> {
    let mut revoked = Vec::new();
    for id in ["f1", "f2", "f3", "api", "client", "user"] {
        if find(store, id).await.unwrap().revoked_at.is_some() {
            revoked.push(id);
        }
    }
    revoked
}

pub(crate) async fn others_are_revoked(database: Arc<Database>) {
    let store = database.open().await;
    several(&store).await;
    let job = store
        .write(|tx| refresh_tokens::revoke_others(tx, &acme(), "app", "auth0|ann", "orders:api", "f2", at(1)))
        .await;
    assert_eq!(job.unwrap(), 2);
    assert_eq!(revoked(&store).await, ["f1", "f3"]);
}

pub(crate) async fn are_revoked_with_the_grant(database: Arc<Database>) {
    let store = database.open().await;
    several(&store).await;
    let job =
        store.write(|tx| refresh_tokens::revoke_for_grant(tx, &acme(), "app", "auth0|ann", "orders:api", at(1))).await;
    assert_eq!(job.unwrap(), 3);
    assert_eq!(revoked(&store).await, ["f1", "f2", "f3"]);
}

pub(crate) async fn rt_09_oldest_live_family_goes_beyond_two_hundred(database: Arc<Database>) {
    let store = database.open().await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        for age in 0..202 {
            let mut row = family(&format!("f-{age:03}"));
            (row.created_at, row.idle_expires_at, row.expires_at) = (at(age), None, None);
            // The second newest does not count: it is revoked.
            row.revoked_at = (age == 200).then(|| at(300));
            refresh_tokens::insert(tx, &acme(), &row)?;
        }
        let mut other = family("other");
        other.client_id = "other".to_owned();
        refresh_tokens::insert(tx, &acme(), &other)?;
        refresh_tokens::trim(tx, &acme(), "auth0|ann", "app", at(301))
    };
    assert_eq!(store.write(fill).await.unwrap(), 1);
    assert_eq!(find(&store, "f-000").await, None);
    for kept in ["f-001", "f-200", "f-201", "other"] {
        assert!(find(&store, kept).await.is_some(), "{kept}");
    }
    assert_eq!(store.write(|tx| refresh_tokens::trim(tx, &acme(), "auth0|ann", "app", at(301))).await.unwrap(), 0);
}

pub(crate) async fn access_token_revocations_are_kept(database: Arc<Database>) {
    let store = database.open().await;
    let revoke =
        || store.write(|tx| access_token_revocations::insert(tx, &acme(), "app", "auth0|ann", 1_700_000_000, at(60)));
    revoke().await.unwrap();
    revoke().await.unwrap();
    let exists = |client, user, issued_at| {
        store.read(move |tx| access_token_revocations::exists(tx, &acme(), client, user, issued_at))
    };
    assert!(exists("app", "auth0|ann", 1_700_000_000).await.unwrap());
    assert!(!exists("app", "auth0|ann", 1_700_000_001).await.unwrap());
    assert!(!exists("app", "auth0|bob", 1_700_000_000).await.unwrap());
    assert!(!exists("other", "auth0|ann", 1_700_000_000).await.unwrap());
}

pub(crate) async fn rt_08_are_revoked_with_session_and_user(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        refresh_tokens::insert(tx, &acme(), &family("f1"))?;
        let mut elsewhere = family("f2");
        elsewhere.session_id = Some("sid-2".to_owned());
        refresh_tokens::insert(tx, &acme(), &elsewhere)?;
        let mut without = family("f3");
        without.session_id = None;
        refresh_tokens::insert(tx, &acme(), &without)?;
        let mut of_bob = family("f4");
        (of_bob.user_id, of_bob.session_id) = ("auth0|bob".to_owned(), None);
        refresh_tokens::insert(tx, &acme(), &of_bob)
    };
    store.write(fill).await.unwrap();
    let revoked = |id| {
        let found = store.read(move |tx| refresh_tokens::find(tx, &acme(), id));
        async move { found.await.unwrap().unwrap().revoked_at }
    };
    let of_session =
        |at_second| store.write(move |tx| refresh_tokens::revoke_for_session(tx, &acme(), "sid-1", at(at_second)));
    assert_eq!((of_session(3).await.unwrap(), of_session(4).await.unwrap()), (1, 0));
    assert_eq!((revoked("f1").await, revoked("f2").await, revoked("f3").await), (Some(at(3)), None, None));
    let of_user = || store.write(|tx| refresh_tokens::revoke_for_user(tx, &acme(), "auth0|ann", at(5)));
    assert_eq!((of_user().await.unwrap(), of_user().await.unwrap()), (2, 0));
    assert_eq!((revoked("f1").await, revoked("f3").await, revoked("f4").await), (Some(at(3)), Some(at(5)), None));
}

pub(crate) async fn all_are_revoked_in_batches(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut Tx<'_>| {
        for number in 0..7 {
            refresh_tokens::insert(tx, &acme(), &family(&format!("f{number}")))?;
            refresh_tokens::insert(tx, &umbrella(), &family(&format!("f{number}")))?;
        }
        refresh_tokens::revoke(tx, &acme(), "f3", at(1))
    };
    store.write(fill).await.unwrap();
    let (mut after, mut all, mut batches) = ((TenantId::new(""), String::new()), 0, 0);
    loop {
        let from = after.clone();
        let batch = store.write(move |tx| refresh_tokens::revoke_batch(tx, &from, 4, at(9))).await.unwrap();
        let Some((last, revoked)) = batch else { break };
        (after, all, batches) = (last, all + revoked, batches + 1);
    }
    assert_eq!((all, batches), (13, 4));
    for (tenant, name, second) in [(acme(), "f0", 9), (acme(), "f3", 1), (umbrella(), "f6", 9)] {
        let row = store.read(move |tx| refresh_tokens::find(tx, &tenant, name)).await.unwrap().unwrap();
        assert_eq!(row.revoked_at, Some(at(second)), "{name}");
    }
}

pub(crate) async fn are_shown_to_administrators(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for id in ["f1", "f2", "f3"] {
        store.write(move |tx| refresh_tokens::insert(tx, &acme(), &family(id))).await.unwrap();
    }
    store.write(|tx| refresh_tokens::revoke(tx, &acme(), "f3", at(1))).await.unwrap();
    let page = |user: Option<&str>, client: Option<&str>, range: keywright_store::Range| {
        let owner = FamilyOwner { user_id: user.map(str::to_owned), client_id: client.map(str::to_owned) };
        store.read(move |tx| refresh_tokens::page(tx, &acme(), &owner, at(1), &range))
    };
    let first = keywright_store::Range::first(9);
    for (user, client, expected) in [
        (None, None, 2),
        (Some("auth0|ann"), None, 2),
        (Some("auth0|ann"), Some("app"), 2),
        (Some("auth0|ann"), Some("other"), 0),
        (Some("auth0|bob"), None, 0),
    ] {
        assert_eq!(page(user, client, first.clone()).await.unwrap().len(), expected, "{user:?} {client:?}");
    }
    let after = keywright_store::Range { after_id: "f1".to_owned(), ..first };
    assert_eq!(page(Some("auth0|ann"), None, after).await.unwrap()[0].family.family_id, "f2");
    let details = |id: &'static str| store.read(move |tx| refresh_tokens::details(tx, &acme(), id, at(1)));
    assert_eq!(details("f3").await.unwrap(), None, "it is revoked");
    assert!(store.write(|tx| refresh_tokens::set_metadata(tx, &acme(), "f1", "{\"a\":1}", at(1))).await.unwrap());
    assert!(store.write(|tx| refresh_tokens::set_device(tx, &acme(), "f1", "{\"b\":2}")).await.unwrap());
    assert!(!store.write(|tx| refresh_tokens::set_metadata(tx, &acme(), "f3", "{}", at(1))).await.unwrap());
    let shown = details("f1").await.unwrap().unwrap();
    assert_eq!((shown.metadata.as_str(), shown.device.as_str()), ("{\"a\":1}", "{\"b\":2}"));
    assert_eq!(shown.family, family("f1"));
}

pub(crate) async fn are_revoked_by_application_and_user(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for id in ["f1", "f2"] {
        store.write(move |tx| refresh_tokens::insert(tx, &acme(), &family(id))).await.unwrap();
    }
    let api = |audience: &'static str| {
        store.write(move |tx| refresh_tokens::revoke_for_client_audience(tx, &acme(), "app", audience, at(1)))
    };
    assert_eq!(api("another:api").await.unwrap(), 0);
    let both = |user: &'static str| {
        store.write(move |tx| refresh_tokens::revoke_for_user_client(tx, &acme(), user, "app", at(1)))
    };
    assert_eq!(both("auth0|bob").await.unwrap(), 0);
    assert_eq!(both("auth0|ann").await.unwrap(), 2);
    assert_eq!(both("auth0|ann").await.unwrap(), 0);
    store.write(|tx| refresh_tokens::insert(tx, &acme(), &family("f3"))).await.unwrap();
    let audience = family("f3").audience;
    let revoked =
        store.write(move |tx| refresh_tokens::revoke_for_client_audience(tx, &acme(), "app", &audience, at(1)));
    assert_eq!(revoked.await.unwrap(), 1);
}
