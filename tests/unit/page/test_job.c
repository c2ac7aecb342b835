/*
 * job: the codec keeps what it is given and refuses everything else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"
#include "crawler/page/job.h"
#include "crawler/url/url.h"

static const struct job sample = {
    .url = "https://example.com/a?b",
    .url_len = 23,
    .flags = JOB_LINKS | JOB_LISTED_AUTH,
    .etag = "\"x\xc3\xa9\"",
    .etag_len = 5,
    .last_modified = "Mon, 23 Nov 2026 08:00:00 GMT",
    .last_modified_len = 29,
};

static void encode(struct buf *out, const struct job *job)
{
    buf_init(out, JOB_BYTES_MAX);
    assert_int_equal(job_encode(out, job), CERR_OK);
}

static void job_survives_the_round_trip(void **state)
{
    struct buf bytes;
    struct job job;

    (void)state;
    encode(&bytes, &sample);
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_OK);
    assert_int_equal(job.flags, sample.flags);
    assert_int_equal(job.url_len, sample.url_len);
    assert_memory_equal(job.url, sample.url, sample.url_len);
    assert_int_equal(job.etag_len, sample.etag_len);
    assert_memory_equal(job.etag, sample.etag, sample.etag_len);
    assert_int_equal(job.last_modified_len, sample.last_modified_len);
    assert_memory_equal(job.last_modified, sample.last_modified,
                        sample.last_modified_len);
    buf_release(&bytes);
}

static void job_takes_every_flag_and_no_other(void **state)
{
    struct buf bytes;
    struct job job = {.url = "http://h/", .url_len = 9};

    (void)state;
    assert_true(JOB_FLAGS_ALL & JOB_LINK_TEXTS);
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = UINT32_C(1) << bit;
        bool known = (JOB_FLAGS_ALL & flag) != 0;

        job.flags = flag;
        encode(&bytes, &job);
        assert_int_equal(job_decode(&job, bytes.data, bytes.len),
                         known ? CERR_OK : CERR_CORRUPT);
        job = (struct job){.url = "http://h/", .url_len = 9};
        buf_release(&bytes);
    }
}

static void job_without_validators_decodes_to_empty_ones(void **state)
{
    const struct job plain = {.url = "http://h/", .url_len = 9};
    struct buf bytes;
    struct job job;

    (void)state;
    encode(&bytes, &plain);
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_OK);
    assert_int_equal(job.etag_len, 0);
    assert_int_equal(job.last_modified_len, 0);
    buf_release(&bytes);
}

static void job_cut_anywhere_or_lengthened_is_corrupt(void **state)
{
    struct buf bytes;
    struct job job;

    (void)state;
    encode(&bytes, &sample);
    for (size_t len = 0; len < bytes.len; len++) {
        /* its own allocation, so that a read past the end is seen */
        void *copy = malloc(len ? len : 1);

        assert_non_null(copy);
        memcpy(copy, bytes.data, len);
        assert_int_equal(job_decode(&job, copy, len), CERR_CORRUPT);
        free(copy);
    }
    assert_int_equal(buf_add_byte(&bytes, 0), CERR_OK);
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_CORRUPT);
    buf_release(&bytes);
}

static void job_url_is_printable_ascii_within_its_limit(void **state)
{
    static const char *const texts[] = {"", "http://h/ ", "http://h/\n",
                                        "http://h/\xc3\xa9", "http://h/\x7f"};
    static char longest[URL_BYTES_MAX + 1];
    struct job job = {.url = longest};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, JOB_BYTES_MAX);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct job bad = {.url = texts[i], .url_len = strlen(texts[i])};

        assert_int_equal(job_encode(&bytes, &bad), CERR_INVALID);
        assert_int_equal(bytes.len, 0);
    }
    memset(longest, 'a', sizeof(longest));
    job.url_len = URL_BYTES_MAX + 1;
    assert_int_equal(job_encode(&bytes, &job), CERR_INVALID);
    job.url_len = URL_BYTES_MAX;
    assert_int_equal(job_encode(&bytes, &job), CERR_OK);
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_OK);
    buf_release(&bytes);
}

/* Writes a job as a liar would. */
static enum err decode_raw(const char *url, const char *etag, size_t etag_len)
{
    struct buf bytes;
    struct wire_writer wire = {.out = &bytes};
    struct job job;
    enum err err;

    buf_init(&bytes, 2L * JOB_BYTES_MAX);
    wire_put_u32(&wire, 0);
    wire_put_u32(&wire, 0);
    wire_put_bytes(&wire, url, strlen(url));
    wire_put_bytes(&wire, etag, etag_len);
    wire_put_bytes(&wire, "", 0);
    assert_int_equal(wire.err, CERR_OK);
    err = job_decode(&job, bytes.data, bytes.len);
    buf_release(&bytes);
    return err;
}

static void job_decoder_refuses_what_the_encoder_would_not_write(void **state)
{
    static char text[JOB_VALIDATOR_BYTES + 1];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(decode_raw("http://h/", "x", 1), CERR_OK);
    assert_int_equal(decode_raw("http://h/", text, sizeof(text) - 1), CERR_OK);
    assert_int_equal(decode_raw("http://h/", text, sizeof(text)), CERR_CORRUPT);
    assert_int_equal(decode_raw("http://h/", "a\r\nb", 4), CERR_CORRUPT);
    assert_int_equal(decode_raw("http://h/", "a\0b", 3), CERR_CORRUPT);
    assert_int_equal(decode_raw("http://h/\r\n", "", 0), CERR_CORRUPT);
    assert_int_equal(decode_raw("", "", 0), CERR_CORRUPT);
}

static void job_names_a_header_set_within_its_limit(void **state)
{
    struct job job = sample;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, JOB_BYTES_MAX);
    job.header_set = JOB_HEADER_SETS_MAX + 1;
    assert_int_equal(job_encode(&bytes, &job), CERR_INVALID);
    job.header_set = JOB_HEADER_SETS_MAX;
    assert_int_equal(job_encode(&bytes, &job), CERR_OK);
    job.header_set = 0;
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_OK);
    assert_int_equal(job.header_set, JOB_HEADER_SETS_MAX);
    bytes.data[6] = 0xFF; /* of the set's number */
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_CORRUPT);
    buf_release(&bytes);
}

static void job_drops_validators_that_are_too_long_or_end_a_header(void **state)
{
    static char text[JOB_VALIDATOR_BYTES + 1];
    struct job job = sample;
    struct buf bytes;

    (void)state;
    memset(text, 'x', sizeof(text));
    job.etag = text;
    job.etag_len = sizeof(text);
    job.last_modified = "a\nb";
    job.last_modified_len = 3;
    encode(&bytes, &job);
    assert_int_equal(job_decode(&job, bytes.data, bytes.len), CERR_OK);
    assert_int_equal(job.etag_len, 0);
    assert_int_equal(job.last_modified_len, 0);
    buf_release(&bytes);
}

static void job_that_finds_no_room_is_reported(void **state)
{
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 20);
    assert_int_equal(job_encode(&bytes, &sample), CERR_TOO_BIG);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_survives_the_round_trip),
        cmocka_unit_test(job_takes_every_flag_and_no_other),
        cmocka_unit_test(job_without_validators_decodes_to_empty_ones),
        cmocka_unit_test(job_cut_anywhere_or_lengthened_is_corrupt),
        cmocka_unit_test(job_url_is_printable_ascii_within_its_limit),
        cmocka_unit_test(job_decoder_refuses_what_the_encoder_would_not_write),
        cmocka_unit_test(
            job_drops_validators_that_are_too_long_or_end_a_header),
        cmocka_unit_test(job_names_a_header_set_within_its_limit),
        cmocka_unit_test(job_that_finds_no_room_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
