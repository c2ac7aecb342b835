/*
 * Converters when memory is short: iconv_open() stands here, before that of the
 * C library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "crawler/page/charset.h"
#include "tests/support/cmocka_all.h"

static int nr_refusals; /* of the calls to come */
static int refusal;     /* what errno is then */

iconv_t iconv_open(const char *to, const char *from)
{
    iconv_t (*real)(const char *, const char *);
    void *symbol = dlsym(RTLD_NEXT, "iconv_open");

    if (nr_refusals > 0) {
        nr_refusals--;
        errno = refusal;
        return (iconv_t)-1;
    }
    memcpy(&real, &symbol, sizeof(real));
    return real(to, from);
}

static void refuse(int nr, int error)
{
    nr_refusals = nr;
    refusal = error;
}

/* One text, of bytes of EUC-KR. */
static enum err decode(struct charset_text *text, struct buf *out)
{
    buf_reset(out);
    charset_text_start(text, CHARSET_EUC_KR);
    return charset_text_add(text, "\xc7\xd1", 2, true, out);
}

static void charset_reads_the_next_text_when_memory_is_back(void **state)
{
    struct charset_text text;
    struct buf out;

    (void)state;
    charset_text_init(&text);
    buf_init(&out, 100);
    refuse(2, ENOMEM);
    assert_int_equal(decode(&text, &out), ERR_NOMEM);
    assert_int_equal(decode(&text, &out), ERR_OK);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "\xed\x95\x9c", 3);
    charset_text_release(&text);
    buf_release(&out);
}

static void charset_asks_twice_for_a_converter(void **state)
{
    static const int errors[] = {ENOMEM, EINVAL};
    struct charset_text text;
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < NR(errors); i++) {
        charset_text_init(&text);
        refuse(1, errors[i]);
        assert_int_equal(decode(&text, &out), ERR_OK);
        assert_memory_equal(out.data, "\xed\x95\x9c", 3);
        charset_text_release(&text);
    }
    buf_release(&out);
}

static void charset_without_a_converter_puts_errors(void **state)
{
    struct charset_text text;
    struct buf out;

    (void)state;
    charset_text_init(&text);
    buf_init(&out, 100);
    refuse(2, EINVAL);
    assert_int_equal(decode(&text, &out), ERR_OK);
    assert_memory_equal(out.data, "\xef\xbf\xbd", 3);
    charset_text_release(&text);
    buf_release(&out);
}

static void charset_warms_up_all_or_tells(void **state)
{
    const char *missing;
    struct charset_warm *warm;

    (void)state;
    refuse(2, ENOMEM);
    assert_null(charset_warm_up(&missing));
    refuse(2, EINVAL);
    warm = charset_warm_up(&missing);
    assert_non_null(warm);
    assert_non_null(missing);
    charset_cool_down(warm);
    warm = charset_warm_up(&missing);
    assert_non_null(warm);
    assert_null(missing);
    charset_cool_down(warm);
}

static void charset_encodes_no_query_without_memory(void **state)
{
    static const char href[] = "/?\xed\x95\x9c";
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    refuse(2, ENOMEM);
    assert_int_equal(
        charset_encode_query(CHARSET_EUC_KR, href, strlen(href), &out),
        ERR_NOMEM);
    buf_reset(&out);
    assert_int_equal(
        charset_encode_query(CHARSET_EUC_KR, href, strlen(href), &out), ERR_OK);
    assert_memory_equal(out.data, "/?%C7%D1", 8);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charset_reads_the_next_text_when_memory_is_back),
        cmocka_unit_test(charset_asks_twice_for_a_converter),
        cmocka_unit_test(charset_without_a_converter_puts_errors),
        cmocka_unit_test(charset_warms_up_all_or_tells),
        cmocka_unit_test(charset_encodes_no_query_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
