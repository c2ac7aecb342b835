/* chunked: whole, odd, damaged and cut bodies. */
#include "storage/sink/chunked.h"

#include <string.h>

#include "base/buf.h"
#include "tests/support/cmocka_all.h"

static struct bytes view(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static const struct {
    const char *body, *payload;
} rows[] = {
    {"5\r\nhello\r\n0\r\n\r\n", "hello"},
    {"2\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n", "hello"},
    {"00005;a=b\r\nhello\r\n0\r\n\r\n", "hello"},
    {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
    {"5\nhello\n0\n\n", "hello"},
    {"5\r\nhel", "hel"},     /* cut within */
    {"5\r\nhello", "hello"}, /* cut behind */
    {"5\r\nhello\r\n", "hello"},
    {"5", ""},
    {"", ""},
    {"x\r\nhello", ""},
    {"5\r\nhello\r\nnonsense", "hello"},
    {"ffffffffffffffffff\r\nhello", ""},
    {"ffffffffffffff\r\nhello", "hello"},
};

static void chunked_gives_the_payload_and_what_is_left_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct bytes rest = view(rows[i].body), chunk;
        struct buf payload;

        buf_init(&payload, 1000);
        while (chunked_next(&rest, &chunk))
            assert_int_equal(buf_add(&payload, chunk.data, chunk.len), CERR_OK);
        assert_int_equal(payload.len, strlen(rows[i].payload));
        if (payload.len > 0)
            assert_memory_equal(payload.data, rows[i].payload, payload.len);
        assert_int_equal(rest.len, 0);
        buf_release(&payload);
    }
}

static void chunked_is_what_the_last_coding_says(void **state)
{
    static const struct {
        const char *head;
        bool is_said;
    } heads[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, CHUNKED \r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: unchunked\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", false},
        {"HTTP/1.1 200 chunked\r\nX: transfer-encoding: chunked\r\n\r\n",
         false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < NR(heads); i++)
        assert_int_equal(chunked_is_said(view(heads[i].head)),
                         heads[i].is_said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunked_gives_the_payload_and_what_is_left_of_it),
        cmocka_unit_test(chunked_is_what_the_last_coding_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
