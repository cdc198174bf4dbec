//! RT-02 as a model check: three copies of an application that share a token, answers that get lost, a thief, and time.
//!
//! Every sequence of moves up to a length is played against the server. What each answer must be follows from the history
//! of tokens alone, as §4.4 says it: the newest token is exchanged; the one before it gives the same successor for as long
//! as the leeway lasts; anything older is reuse and ends the family.

use keywright_testkit::{Browser, Registered, Scene};

use crate::expect::{granted, logged_in, next_code, refused};
use crate::routes;

const LEEWAY: i64 = 60;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// A copy of the application exchanges the token it knows and tells nobody else.
    Refresh(usize),
    /// It does, but the answer does not arrive.
    RefreshLost(usize),
    /// A copy reads the token that another one stored last.
    Share(usize),
    /// The thief uses the token that was stolen at the beginning, or what it got for it.
    Thief,
    /// More time passes than the leeway.
    Later,
}

const COPIES: usize = 3;

/// The family as an observer of all answers knows it.
struct Family {
    /// Every token that was ever given, oldest first. There is one line and no branch.
    line: Vec<String>,
    rotated_at: i64,
    now: i64,
    ended: bool,
    /// What each copy, and last the thief, would present.
    held: [String; COPIES + 1],
    /// What was stored last by a copy whose answer arrived.
    stored: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Next,
    SameSuccessor,
    Refusal,
}

impl Family {
    fn expected(&self, token: &str) -> Expected {
        let position = self.line.iter().position(|known| known == token).expect("a token of the line");
        let newest = self.line.len() - 1;
        match newest - position {
            _ if self.ended => Expected::Refusal,
            0 => Expected::Next,
            1 if self.now - self.rotated_at <= LEEWAY => Expected::SameSuccessor,
            _ => Expected::Refusal,
        }
    }
}

async fn play(scene: &Scene, browser: &Browser, client: &Registered, moves: &[Move]) {
    let code = next_code(scene, browser, client, &[("scope", "offline_access")]).await;
    let first = scene.redeem(client, &code, &[]).await.text("refresh_token");
    let mut family = Family {
        line: vec![first.clone()],
        rotated_at: i64::MIN / 2,
        now: 0,
        ended: false,
        held: std::array::from_fn(|_| first.clone()),
        stored: first,
    };
    for step in moves {
        let (actor, arrives) = match *step {
            Move::Refresh(copy) => (copy, true),
            Move::RefreshLost(copy) => (copy, false),
            Move::Thief => (COPIES, true),
            Move::Share(copy) => {
                family.held[copy].clone_from(&family.stored);
                continue;
            }
            Move::Later => {
                scene.app.advance(LEEWAY + 1);
                family.now += LEEWAY + 1;
                continue;
            }
        };
        // Time moves a little with every request, so that "at once" is not all that is tried.
        scene.app.advance(1);
        family.now += 1;
        let token = family.held[actor].clone();
        let expected = family.expected(&token);
        let answer = scene.refresh(client, &token, &[]).await;
        if expected == Expected::Refusal {
            assert_eq!(answer.status, 403, "{step:?} of {moves:?}: reuse was not seen");
            refused(&answer, 403, "invalid_grant", "Unknown or invalid refresh token.");
            family.ended = true;
            continue;
        }
        assert_eq!(answer.status, 200, "{step:?} of {moves:?}: a false alarm: {answer:#?}");
        granted(&answer);
        let successor = answer.text("refresh_token");
        if expected == Expected::SameSuccessor {
            assert_eq!(Some(&successor), family.line.last(), "{step:?} of {moves:?}: a second live branch");
        } else {
            assert!(!family.line.contains(&successor), "{step:?} of {moves:?}: an old token came back");
            family.line.push(successor.clone());
            family.rotated_at = family.now;
        }
        if arrives {
            family.held[actor].clone_from(&successor);
            if actor != COPIES {
                family.stored = successor;
            }
        }
    }
    // At the end the newest token is good, unless there was an alarm, and no other one ever again.
    scene.app.advance(LEEWAY + 1);
    if !family.ended {
        granted(&scene.refresh(client, family.line.last().unwrap(), &[]).await);
        scene.app.advance(LEEWAY + 1);
    }
    for token in &family.line {
        refused(&scene.refresh(client, token, &[]).await, 403, "invalid_grant", "Unknown or invalid refresh token.");
    }
}

/// Every sequence of `length` moves that begins with the first copy; the copies are alike, so nothing else is lost.
fn sequences(length: usize) -> Vec<Vec<Move>> {
    let moves = [Move::Refresh(0), Move::Refresh(1), Move::RefreshLost(0), Move::Share(1), Move::Thief, Move::Later];
    let mut all = vec![vec![Move::Refresh(0)], vec![Move::RefreshLost(0)], vec![Move::Thief]];
    for _ in 1..length {
        all = all.into_iter().flat_map(|begun| moves.map(|next| [&begun[..], &[next]].concat())).collect();
    }
    // A last move without a request shows nothing that the end of every play does not show.
    all.retain(|moves| !matches!(moves.last(), Some(Move::Share(_) | Move::Later)));
    all
}

#[tokio::test]
async fn rt_02_no_interleaving_of_copies_losses_and_a_thief_leaves_two_live_branches() {
    let scene = Scene::new(routes).await;
    let spa = scene
        .app
        .change_client(&scene.spa, |client| client.refresh_token.leeway = u32::try_from(LEEWAY).unwrap())
        .await;
    let browser = logged_in(&scene).await;
    for moves in sequences(4) {
        play(&scene, &browser, &spa, &moves).await;
    }
}

#[tokio::test]
async fn rt_02_long_interleavings_of_three_copies() {
    use Move::{Later, Refresh, RefreshLost, Share, Thief};
    let scene = Scene::new(routes).await;
    let spa = scene
        .app
        .change_client(&scene.spa, |client| client.refresh_token.leeway = u32::try_from(LEEWAY).unwrap())
        .await;
    let browser = logged_in(&scene).await;
    for moves in [
        // Two losses in a row, and a third copy that catches up.
        vec![RefreshLost(0), RefreshLost(0), Refresh(0), Share(2), Refresh(2), Share(1), Refresh(1)],
        // All three at once, then in turns.
        vec![Refresh(0), Refresh(1), Refresh(2), Later, Refresh(2), Share(0), Share(1), Refresh(1), Refresh(0)],
        // Three copies race while one answer is lost.
        vec![Refresh(0), RefreshLost(1), Refresh(2), Refresh(1), Later, Refresh(2), Refresh(1)],
        // The thief is quick, and gets what the application has; the next two uses give it away.
        vec![Thief, Refresh(0), Refresh(0), Thief, Later, Thief],
        vec![Refresh(0), Thief, Refresh(0), Later, Thief, Refresh(0)],
        // The thief waits.
        vec![Refresh(0), Refresh(0), Refresh(0), Later, Thief, Refresh(0)],
        // The thief takes over while all copies sleep; the first one that wakes gives the alarm.
        vec![Later, Thief, Later, Thief, Refresh(2), Thief],
        vec![RefreshLost(1), Thief, Thief, Refresh(1), Thief],
    ] {
        play(&scene, &browser, &spa, &moves).await;
    }
}
