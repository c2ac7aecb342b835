/* Whether it is our own network that fails, by the times of failures and signs
 * of life. */
#include "crawler/politeness/network.h"

#include "tests/support/cmocka_all.h"

/* A network where somebody has answered at 1 s, and can be asked again. */
static struct network seen(void)
{
    struct network network;

    network_init(&network);
    network.can_be_asked = true;
    network_heard(&network, 1000);
    return network;
}

static bool fails(struct network *network, int64_t host_id, int64_t started_ms,
                  int64_t held_ms, int64_t now_ms)
{
    const struct network_failure failure = {host_id, started_ms, held_ms};

    return network_failed(network, &failure, now_ms);
}

static void network_is_not_doubted_while_somebody_answers(void **state)
{
    struct network network = seen();

    (void)state;
    for (int64_t now_ms = 2000; now_ms < 60000; now_ms += 1000) {
        network_heard(&network, now_ms - 1);
        assert_false(fails(&network, now_ms, now_ms - 900, 0, now_ms));
    }
    assert_int_equal(network.state, NETWORK_UP);
}

static void network_of_which_every_host_is_dead_is_not_doubted(void **state)
{
    struct network network;

    (void)state;
    network_init(&network);
    for (int i = 1; i <= 100; i++)
        assert_false(fails(&network, i, 0, 0, 10000 * i));
    assert_int_equal(network.state, NETWORK_UP);
    assert_true(network_may_start(&network, 0));
}

static void network_without_a_route_is_down_at_once(void **state)
{
    struct network network;

    (void)state;
    network_init(&network);
    network.has_route = false;
    assert_true(fails(&network, 1, 0, 0, 5000));
    assert_int_equal(network.state, NETWORK_DOWN);
    assert_false(network_may_start(&network, 5000));
    assert_true(network_may_start(&network, 5000 + NETWORK_PROBE_MS));
    network_started(&network, 5000 + NETWORK_PROBE_MS);
    assert_false(network_may_start(&network, 5001 + NETWORK_PROBE_MS));
    network_heard(&network, 9000);
    assert_true(network_may_start(&network, 9000));
}

static void network_is_down_when_five_hosts_are_silent_for_ten_s(void **state)
{
    struct network network = seen();

    (void)state;
    for (int i = 0; i < 9; i++)
        assert_true(fails(&network, 1 + i % 5, 1001, 0, 12000 + i));
    assert_int_equal(network.state, NETWORK_DOUBT);
    assert_true(network_may_start(&network, 12009));
    assert_true(fails(&network, 1, 13000, 12000, 12000 + NETWORK_DOUBT_MS));
    assert_int_equal(network.state, NETWORK_DOWN);
    assert_int_equal(network.since_ms, 12000);
}

static void network_of_four_silent_hosts_is_theirs_after_ten_s(void **state)
{
    struct network network = seen();

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_true(fails(&network, 1 + i % 4, 1001, 0, 12000 + i));
    assert_false(fails(&network, 1, 13000, 12000, 12000 + NETWORK_DOUBT_MS));
    assert_int_equal(network.state, NETWORK_DOUBT);
}

static void
network_that_a_probe_has_shown_leaves_failures_to_hosts(void **state)
{
    struct network network = seen();

    (void)state;
    assert_true(fails(&network, 1, 1001, 0, 12000));
    network_heard(&network, 12050);
    /* asked again, it fails before anybody is heard once more */
    assert_false(fails(&network, 1, 13000, 12000, 13001));
    /* and one that ran while the probe was answered is the host's own */
    assert_false(fails(&network, 2, 5000, 0, 15000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_is_not_doubted_while_somebody_answers),
        cmocka_unit_test(network_of_which_every_host_is_dead_is_not_doubted),
        cmocka_unit_test(network_without_a_route_is_down_at_once),
        cmocka_unit_test(network_is_down_when_five_hosts_are_silent_for_ten_s),
        cmocka_unit_test(network_of_four_silent_hosts_is_theirs_after_ten_s),
        cmocka_unit_test(
            network_that_a_probe_has_shown_leaves_failures_to_hosts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
