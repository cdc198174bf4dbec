//! Conformance of the store (architecture §4): one list of named tests, each run on every engine.
//!
//! PostgreSQL comes from `KEYWRIGHT_TEST_POSTGRES` (a superuser's URL; `make test` sets it). Without it that half fails;
//! `KEYWRIGHT_TEST_SKIP_POSTGRES=1` leaves it out on purpose.

#![expect(clippy::assigning_clones, reason = "a changed field of a row reads best as an assignment")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod attack_protection;
mod authorization_codes;
mod background_jobs;
mod cleanup;
mod client_authentication;
mod cluster;
mod completeness;
mod concurrency;
mod config;
mod configuration_entities;
mod crash;
mod data_keys;
mod database;
mod device_codes;
mod device_credentials;
mod encryption;
mod engine;
mod extensibility;
mod grants;
mod identities;
mod isolation;
mod jobs;
mod leases;
mod lists;
mod logs;
mod migrations;
mod organizations;
mod outage;
mod rate_limits;
mod redaction;
mod refresh_tokens;
mod roles;
mod rows;
mod sessions;
mod side_by_side;
mod signing_keys;
mod tenants;
mod transactions;
mod user_jobs;
mod user_search;
mod users;

/// Makes of every `group { name, … }` one test per engine: `sqlite::group::name` and `postgres::group::name`. A test that
/// is missing here is an unused function, which clippy refuses.
macro_rules! conformance {
    ($($group:ident { $($name:ident),* $(,)? })*) => {
        mod sqlite {
            $(mod $group { $(#[test] fn $name() { crate::database::on_sqlite(crate::$group::$name); })* })*
        }
        mod postgres {
            $(mod $group { $(#[test] fn $name() { crate::database::on_postgres(crate::$group::$name); })* })*
        }
    };
}

conformance! {
    // One group per entity: what each function does.
    tenants { are_found_by_id_and_domain, have_unique_ids_and_domains, change_their_settings }
    signing_keys {
        are_listed_in_every_state, tk_06_move_from_state_to_state, of_the_version_before_get_their_other_half_once,
        are_current_one_at_a_time, in_an_unknown_state_are_refused,
    }
    configuration_entities {
        clients_are_kept, clients_are_changed_and_deleted, clients_are_unique,
        resource_servers_are_kept_and_changed, resource_servers_are_unique,
        client_grants_are_kept_and_changed, client_grants_are_unique_and_go_with_the_client,
        connections_are_kept_and_changed, connections_are_unique,
        tenant_documents_are_kept_replaced_and_deleted, belong_to_a_tenant_that_exists,
    }
    extensibility {
        rules_are_kept_in_their_order, settings_of_rules_are_set_and_removed, actions_have_versions,
        actions_are_bound_in_an_order,
    }
    lists {
        are_read_part_by_part, entries_are_found_by_their_identifier, grants_for_users_and_for_the_application_are_two,
        what_an_application_or_an_api_leaves_is_removed, users_are_read_part_by_part,
        users_are_found_and_changed_for_administrators,
    }
    users {
        are_found_by_id_email_and_username, are_unique_by_email_and_username_in_a_connection, without_email_are_many,
        record_logins, are_counted_by_activity, are_blocked, change_password_only_from_the_known_hash,
        change_password_email_and_username,
        rt_08_deleting_a_user_ends_sessions_grants_and_refresh_tokens,
    }
    user_jobs {
        go_on_once_and_end_once, have_places_that_one_of_many_gets, have_parts_that_are_taken_once,
        are_kept_for_a_day_and_what_they_read_for_two_hours, users_are_added_where_nobody_is_in_the_way,
    }
    user_search {
        finds_what_a_query_means, sorts_and_pages_few_and_many, counts_few_with_the_page_and_many_when_asked, is_by_values_of_metadata,
        finds_users_that_another_version_wrote, reaches_log_entries,
    }
    identities {
        are_linked_once_and_unlinked, go_with_their_user, one_of_many_links_wins, two_that_are_linked_to_each_other_end_as_one,
    }
    data_keys {
        are_kept_by_generation, st_03_are_sealed_anew_as_they_were_read, st_03_are_noted_and_erased_once,
        st_03_one_of_many_nodes_makes_a_generation, every_node_hears_of_them,
        st_03_every_sealed_column_is_read_in_pages, st_03_a_sealed_value_is_replaced_as_it_was_read,
    }
    roles {
        are_kept_and_changed, have_unique_names, are_assigned_and_taken_away, have_permissions,
        users_have_permissions_of_their_own, rt_05_permissions_are_direct_or_of_a_role_as_of_now,
        are_assigned_once_by_many,
    }
    organizations {
        are_found_by_id_and_name, have_connections, have_members, of_a_user_are_those_of_a_connection, of_a_user_are_listed,
        are_listed_with_their_members, rt_05_roles_of_a_member_count_in_that_organization_only, have_client_grants,
        go_with_their_members_and_members_go_with_the_user,
    }
    grants {
        are_found_by_id, are_extended, ar_07_an_implied_grant_is_no_consent, imply_leaves_a_grant_as_it_is,
        are_apart_by_user_client_and_audience, are_deleted, need_a_user, are_listed_and_counted,
    }
    device_credentials { are_kept_listed_and_deleted }
    sessions {
        are_found_by_handle_and_session_id, end_when_idle_and_absolutely, are_touched, an_ended_one_cannot_be_touched,
        both_ends_may_come_closer, are_shown_to_administrators, go_on_under_another_handle, end_once_with_their_applications, end_for_a_user,
        that_are_over_end_in_batches, one_of_many_nodes_ends_it_and_no_application_is_forgotten,
        have_unique_handles_and_session_ids,
    }
    transactions {
        are_found_until_they_expire, progress_moves_from_the_known_version_only, complete_once,
        do_not_change_after_the_end, have_unique_handles,
    }
    authorization_codes {
        are_found_in_any_state, co_01_expire_at_the_boundary, co_03_are_consumed_once, remember_what_they_gave,
        have_unique_digests,
    }
    device_codes {
        are_found_by_both_codes, have_unique_codes_among_those_that_can_be_typed, dv_04_waiting_ones_are_slowed_down,
        dv_06_each_state_has_its_steps, dv_06_a_denied_one_is_told_once, dv_06_an_approved_one_can_end_without_tokens,
    }
    refresh_tokens {
        are_found_in_any_state, rt_01_rotate_by_compare_and_set, without_rotation_stay_the_same,
        rt_02_leeway_leads_to_the_same_successor, rt_02_leeway_is_not_for_the_token_before_the_previous,
        rt_06_idle_and_absolute_ends_hold, rt_06_rotation_never_moves_the_absolute_end,
        become_expiring_when_the_application_does, switch_rotation_on_and_off,
        are_revoked, others_are_revoked, are_revoked_with_the_grant, rt_08_are_revoked_with_session_and_user,
        all_are_revoked_in_batches, are_shown_to_administrators, are_revoked_by_application_and_user,
        rt_09_oldest_live_family_goes_beyond_two_hundred, access_token_revocations_are_kept,
    }
    logs { are_kept_and_listed_by_time, are_counted_by_kind, go_by_age, op_03_seals_are_made_once_and_stay_in_order }
    background_jobs {
        are_taken_when_they_are_due, are_taken_over_when_their_node_dies, are_done_put_back_or_given_up,
        are_taken_by_one_of_many_nodes,
        are_counted_for_the_operator,
    }
    rate_limits {
        do_01_are_emptied_and_filled_again_to_the_millisecond, a_clock_that_is_behind_gets_no_refill, are_apart_by_tenant,
        do_01_two_nodes_share_one_bucket, st_04_full_ones_are_removed,
    }
    attack_protection {
        lg_07_failures_are_counted_up_to_the_limit, failures_are_taken_back_reset_and_cleared,
        attempts_of_a_network_come_back_one_by_one, attempts_of_a_network_are_given_back, dv_01_a_network_without_wrong_guesses_is_known, lg_08_devices_are_known_until_they_are_forgotten,
        lg_12_tickets_are_used_once_and_superseded,
        lg_12_tickets_end_with_the_address_that_they_were_made_for,
    }
    client_authentication {
        credentials_are_kept_changed_and_deleted, credentials_are_unique_and_go_with_the_client,
        cl_08_secrets_are_kept_with_their_last_use, jwt_ids_are_taken_once,
        fp_01_pushed_requests_are_taken_once_by_their_client_in_time, access_tokens_are_revoked_one_by_one,
    }
    leases { are_held_by_one, pass_on_when_they_expire, are_released_by_their_holder }
    cleanup { keeps_device_codes_for_an_hour, removes_what_is_expired_in_batches, keeps_what_is_alive, remembers_for_replays, keeps_failed_jobs_for_a_week,
        removes_what_attack_protection_no_longer_needs, removes_userinfo_claims_with_their_tokens,
        runs_on_one_node_at_a_time }

    // What holds for all of them.
    isolation { tn_01_no_function_crosses_tenants }
    redaction { op_02_libraries_log_no_parameters_and_no_answers }
    config {
        every_write_has_a_version, a_version_names_its_tenants, own_writes_are_seen_at_once,
        writes_of_another_store_are_seen_within_a_second, a_rolled_back_write_is_not_announced,
        a_version_that_cannot_be_read_is_not_confirmed,
    }
    engine { prepares_every_statement, names_table_and_column_of_an_inconsistency, refuses_a_wrong_number_of_parameters }
    migrations { run_once, run_once_when_many_start_together, leave_a_newer_schema_alone, are_seen_without_running }
    jobs {
        an_error_rolls_back_alone, a_panic_rolls_back_alone, a_failed_statement_ends_the_job,
        a_savepoint_survives_a_conflict, savepoints_nest, an_error_in_a_savepoint_undoes_only_it,
        reads_see_what_was_written, a_read_cannot_write, text_with_a_nul_byte_is_refused, close_waits_for_accepted_jobs,
        a_closed_store_is_unavailable, a_look_up_that_runs_during_close_is_the_last,
    }
    concurrency {
        co_03_fifty_redemptions_of_one_code_succeed_once, rt_01_fifty_exchanges_of_one_token_succeed_once,
        rt_02_fifty_exchanges_within_leeway_share_one_successor, one_transaction_completes_once,
        one_progress_is_recorded_per_version, two_stores_take_one_code_once, two_stores_rotate_one_token_once,
        no_extension_of_a_grant_is_lost, configuration_versions_are_never_missed, one_lease_has_one_holder,
        an_email_is_taken_once, lg_07_two_nodes_count_exactly_to_the_limit,
        lg_07_two_nodes_give_out_exactly_the_attempts, cl_03_two_stores_take_one_jwt_id_once,
        fp_01_two_stores_take_one_pushed_request_once, dv_06_two_stores_take_one_device_code_once,
    }
    side_by_side { st_05_statements_of_the_version_before_still_work }
    outage { a_locked_database_is_unavailable_and_comes_back }
    crash { every_acknowledged_write_survives_a_kill }
}
