#include <string.h>

#include "crawler/fetch/curl_error.h"
#include "tests/support/cmocka_all.h"

#define LAST PHASE_ANSWERING

static const struct {
    CURLcode code;
    enum phase phase;
    bool head_complete;
    bool exhausted;
    const char *message;
    enum error error;
} cases[] = {
    {CURLE_OK, LAST, true, false, "", ERROR_NONE},
    {CURLE_OK, LAST, false, false, "", ERROR_TRUNCATED},
    {CURLE_COULDNT_RESOLVE_HOST, PHASE_RESOLVING, false, false, "", ERROR_DNS},
    {CURLE_COULDNT_RESOLVE_HOST, PHASE_RESOLVING, false, true, "",
     ERROR_INTERNAL},
    {CURLE_COULDNT_CONNECT, PHASE_CONNECTING, false, false, "", ERROR_CONNECT},
    {CURLE_COULDNT_CONNECT, PHASE_CONNECTING, false, true, "", ERROR_INTERNAL},
    {CURLE_OPERATION_TIMEDOUT, PHASE_RESOLVING, false, false, "",
     ERROR_DNS_TIMEOUT},
    {CURLE_OPERATION_TIMEDOUT, PHASE_CONNECTING, false, false, "",
     ERROR_CONNECT_TIMEOUT},
    {CURLE_OPERATION_TIMEDOUT, PHASE_ASKED, false, false, "", ERROR_TIMEOUT},
    {CURLE_OPERATION_TIMEDOUT, LAST, true, false, "", ERROR_TIMEOUT},
    {CURLE_PEER_FAILED_VERIFICATION, PHASE_CONNECTING, false, false, "",
     ERROR_TLS},
    {CURLE_SSL_CONNECT_ERROR, PHASE_CONNECTING, false, false, "", ERROR_TLS},
    {CURLE_SSL_CONNECT_ERROR, PHASE_CONNECTING, false, true, "",
     ERROR_INTERNAL},
    {CURLE_RECV_ERROR, PHASE_ASKED, false, true, "", ERROR_INTERNAL},
    {CURLE_GOT_NOTHING, PHASE_ASKED, false, false, "", ERROR_CONNECT_CLOSED},
    {CURLE_SEND_ERROR, PHASE_ASKED, false, false, "", ERROR_CONNECT_CLOSED},
    {CURLE_RECV_ERROR, PHASE_ASKED, false, false, "", ERROR_CONNECT_CLOSED},
    {CURLE_RECV_ERROR, LAST, true, false, "Recv failure: reset",
     ERROR_TRUNCATED},
    {CURLE_RECV_ERROR, LAST, true, false, "Malformed in chunked-encoding",
     ERROR_PROTOCOL},
    {CURLE_RECV_ERROR, LAST, false, false,
     "Too large response headers: 307217 > 307200", ERROR_HEAD_TOO_LARGE},
    {CURLE_PARTIAL_FILE, LAST, true, false, "", ERROR_TRUNCATED},
    {CURLE_RECV_ERROR, PHASE_ASKED, false, false,
     "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate "
     "required, errno 0",
     ERROR_TLS},
    {CURLE_RECV_ERROR, PHASE_ASKED, false, false,
     "OpenSSL SSL_read: error:0A000438:SSL routines::tlsv1 alert internal "
     "error, errno 0",
     ERROR_CONNECT_CLOSED},
    {CURLE_HTTP2_STREAM, PHASE_ASKED, false, false,
     "HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)",
     ERROR_CONNECT_CLOSED},
    {CURLE_HTTP2_STREAM, PHASE_ASKED, false, false,
     "HTTP/2 stream 1 was not closed cleanly: REFUSED_STREAM (err 7)",
     ERROR_CONNECT_CLOSED},
    {CURLE_HTTP2_STREAM, PHASE_ASKED, false, false,
     "HTTP/2 stream 1 was not closed cleanly: PROTOCOL_ERROR (err 1)",
     ERROR_PROTOCOL},
    {CURLE_HTTP2, PHASE_ASKED, false, false, "", ERROR_PROTOCOL},
    {CURLE_HTTP2_STREAM, LAST, true, false, "", ERROR_TRUNCATED},
    {CURLE_UNSUPPORTED_PROTOCOL, PHASE_ASKED, false, false, "", ERROR_PROTOCOL},
    {CURLE_WEIRD_SERVER_REPLY, LAST, false, false, "", ERROR_PROTOCOL},
    {CURLE_OUT_OF_MEMORY, LAST, false, false, "", ERROR_HEAD_TOO_LARGE},
    {CURLE_OUT_OF_MEMORY, LAST, false, true, "", ERROR_INTERNAL},
    {CURLE_OUT_OF_MEMORY, LAST, true, false, "", ERROR_INTERNAL},
    {CURLE_OUT_OF_MEMORY, PHASE_WAITING, false, false, "", ERROR_INTERNAL},
    {CURLE_URL_MALFORMAT, PHASE_WAITING, false, false, "", ERROR_BAD_URL},
    {CURLE_FAILED_INIT, PHASE_WAITING, false, false, "", ERROR_INTERNAL},
};

static void curl_error_goes_by_the_circumstances(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        struct curl_error_seen seen = {cases[i].phase, cases[i].head_complete,
                                       cases[i].exhausted, cases[i].message};
        enum error error = curl_error(cases[i].code, &seen);

        if (error != cases[i].error)
            fail_msg("case %zu, code %d: got %s", i, (int)cases[i].code,
                     error_code(error));
    }
}

static void curl_error_calls_no_failure_a_success(void **state)
{
    struct curl_error_seen seen = {LAST, true, false, ""};

    (void)state;
    for (int code = 1; code < CURL_LAST; code++) {
        enum error error = curl_error((CURLcode)code, &seen);

        assert_int_not_equal(error, ERROR_NONE);
        assert_true(error < ERROR_NR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curl_error_goes_by_the_circumstances),
        cmocka_unit_test(curl_error_calls_no_failure_a_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
