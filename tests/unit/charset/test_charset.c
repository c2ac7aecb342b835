#include "crawler/charset/charset.h"

#include <errno.h>
#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/text.h"

#define FFFD "\xef\xbf\xbd"

static void charset_finds_labels_in_any_case(void **state)
{
    static const struct {
        const char *label;
        const char *name; /* NULL: there is no such label */
    } rows[] = {
        {"utf-8", "utf-8"},
        {"UTF8", "utf-8"},
        {" \tUtf-8\r\n", "utf-8"},
        {"unicode-1-1-utf-8", "utf-8"},
        {"iso-8859-1", "windows-1252"},
        {"latin1", "windows-1252"},
        {"ascii", "windows-1252"},
        {"ISO_8859-9:1989", "windows-1254"},
        {"iso-8859-8-i", "iso-8859-8-i"},
        {"gb2312", "gbk"},
        {"GB18030", "gb18030"},
        {"big5-hkscs", "big5"},
        {"ks_c_5601-1987", "euc-kr"},
        {"x-sjis", "shift_jis"},
        {"utf-16", "utf-16le"},
        {"ucs-2", "utf-16le"},
        {"unicodefffe", "utf-16be"},
        {"hz-gb-2312", "replacement"},
        {"iso-2022-kr", "replacement"},
        {"tis-620", "windows-874"},
        {"koi8-ru", "koi8-u"},
        {"866", "ibm866"},
        {"x-mac-ukrainian", "x-mac-cyrillic"},
        {"utf-7", NULL},
        {"utf-32", NULL},
        {"", NULL},
        {" ", NULL},
        {"utf-8 utf8", NULL},
        {"utf", NULL},
        {"windows-1252x", NULL},
        {"\xc5\xbft", NULL},
    };
    enum charset charset;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool found =
            charset_find(rows[i].label, strlen(rows[i].label), &charset);

        assert_int_equal(found, rows[i].name != NULL);
        if (found)
            assert_string_equal(charset_name(charset), rows[i].name);
    }
}

static void charset_finds_every_one_by_its_own_name(void **state)
{
    (void)state;
    for (int i = 0; i < CHARSET_NR; i++) {
        const char *name = charset_name((enum charset)i);
        enum charset charset;

        assert_true(charset_find(name, strlen(name), &charset));
        assert_int_equal(charset, i);
    }
}

static void charset_reads_the_header(void **state)
{
    static const struct {
        const char *type;
        const char *name;
    } rows[] = {
        {"text/html; charset=utf-8", "utf-8"},
        {"text/html;charset=\"koi8-r\"", "koi8-r"},
        {"text/html; a=\";charset=big5\"; CharSet=gbk ;x", "gbk"},
        {"text/html; x=\"\\\";charset=big5\"; charset=gbk", "gbk"},
        {"text/html; charset=", NULL},
        {"text/html; charset=nonsense", NULL},
        {"text/html; charset=utf-7", NULL},
        {"text/html; charset = utf-8", NULL},
        {"text/html; xcharset=utf-8", NULL},
        {"charset=utf-8", NULL},
        {"text/html", NULL},
        {"", NULL},
        {"text/html;;; charset=sjis", "shift_jis"},
        {"text/html; charset=utf-8; charset=gbk", "utf-8"},
        {"text/html; charset=\"utf-8", "utf-8"},
    };
    enum charset charset;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool found =
            charset_from_type(rows[i].type, strlen(rows[i].type), &charset);

        if (found != (rows[i].name != NULL))
            fail_msg("%s", rows[i].type);
        if (found)
            assert_string_equal(charset_name(charset), rows[i].name);
    }
}

static void charset_prescans_as_the_standard_does(void **state)
{
    static const struct {
        const char *html;
        const char *name;
    } rows[] = {
        {"<meta charset=utf-8>", "utf-8"},
        {"<META CHARSET='Koi8-R'>", "koi8-r"},
        {"<meta charset = \"gbk\" >", "gbk"},
        {"<meta/charset=gbk>", "gbk"},
        {"<meta x charset=gbk", NULL},
        {"<meta charset='gbk'", NULL},
        {"<?xml version='1.0' encoding='gbk'?><meta charset=big5", "gbk"},
        {"<metax charset=gbk>", NULL},
        {"<meta>", NULL},
        {"<meta charset=utf-16le>", "utf-8"},
        {"<meta charset=utf-16be>", "utf-8"},
        {"<meta charset=x-user-defined>", "windows-1252"},
        {"<meta charset=utf-7>", NULL},
        {"<meta charset=utf-7><meta charset=gbk>", "gbk"},
        {"<meta charset=gbk charset=big5>", "gbk"},
        {"<!-- <meta charset=gbk> --><meta charset=big5>", "big5"},
        {"<!--><meta charset=gbk>", "gbk"},
        {"<!-- <meta charset=gbk>", NULL},
        {"<script><meta charset=gbk></script>", "gbk"},
        {"<p title='<meta charset=gbk>'><meta charset=big5>", "big5"},
        {"</p title='<meta charset=gbk>'><meta charset=big5>", "big5"},
        {"<!x '<meta charset=gbk>'>", NULL},
        {"<?x '<meta charset=gbk>'>", NULL},
        {"</ '<meta charset=gbk>'>", NULL},
        {"< meta charset=gbk>", NULL},
        {"<meta http-equiv=Content-Type content='text/html; charset=gbk'>",
         "gbk"},
        {"<meta content='text/html; charset=gbk' http-equiv=content-type>",
         "gbk"},
        {"<meta content='text/html; charset=gbk'>", NULL},
        {"<meta http-equiv=refresh content='charset=gbk'>", NULL},
        {"<meta http-equiv=content-type content='charset = \"gbk\"x'>", "gbk"},
        {"<meta http-equiv=content-type content='charset=\"gbk'>", NULL},
        {"<meta http-equiv=content-type content='charsetcharset=gbk;'>", "gbk"},
        {"<meta http-equiv=content-type content='charset charset=gbk'>", "gbk"},
        {"<meta http-equiv=content-type content='charset='>", NULL},
        {"<meta http-equiv=content-type content='charset=gbk' charset=big5>",
         "big5"},
        {"<meta charset=nonsense http-equiv=content-type "
         "content='charset=gbk'>",
         NULL},
        {"<?xml version='1.0' encoding='gbk'?>", "gbk"},
        {"<?xml version='1.0' encoding = \"utf-16\"?>", "utf-8"},
        {"<?xml version='1.0' encoding='gbk'?><meta charset=big5>", "big5"},
        {" <?xml version='1.0' encoding='gbk'?>", NULL},
        {"<?xml version='1.0' encoding=gbk?>", NULL},
        {"<?xml version='1.0'?>", NULL},
        {"<?xml encoding='gbk'", NULL},
        {"", NULL},
        {"<", NULL},
        {"<a", NULL},
        {"<meta charset=", NULL},
        {"<meta charset=\"", NULL},
    };
    enum charset charset;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].html);
        char *exact = test_malloc(len + 1);
        bool found;

        memcpy(exact + 1, rows[i].html, len);
        found = charset_prescan(exact + 1, len, &charset);
        if (found != (rows[i].name != NULL) ||
            (found && strcmp(charset_name(charset), rows[i].name) != 0))
            fail_msg("%s: %s", rows[i].html,
                     found ? charset_name(charset) : "none");
        test_free(exact);
    }
}

static void charset_prescan_ends_after_its_bytes(void **state)
{
    static const char meta[] = {"<meta charset=gbk>"};
    const size_t len = sizeof(meta) - 1;
    char page[CHARSET_PRESCAN_BYTES + 100];
    enum charset charset;

    (void)state;
    memset(page, ' ', sizeof(page));
    memcpy(page + CHARSET_PRESCAN_BYTES - len, meta, len);
    assert_true(charset_prescan(page, sizeof(page), &charset));
    memset(page, ' ', sizeof(page));
    memcpy(page + CHARSET_PRESCAN_BYTES - 10, meta, len);
    assert_false(charset_prescan(page, sizeof(page), &charset));
}

static void charset_detects_in_the_order_of_the_standard(void **state)
{
    static const char meta[] = "<meta charset=gbk>";
    static const char bom[] = "\xef\xbb\xbf<meta charset=gbk>";
    static const char type[] = "text/html; charset=big5";

    (void)state;
    assert_int_equal(charset_detect(bom, strlen(bom), type, strlen(type)),
                     CHARSET_UTF_8);
    assert_int_equal(charset_detect("\xfe\xff", 2, type, strlen(type)),
                     CHARSET_UTF_16BE);
    assert_int_equal(charset_detect("\xff\xfe", 2, NULL, 0), CHARSET_UTF_16LE);
    assert_int_equal(charset_detect(meta, strlen(meta), type, strlen(type)),
                     CHARSET_BIG5);
    assert_int_equal(charset_detect(meta, strlen(meta), "text/html", 9),
                     CHARSET_GBK);
    assert_int_equal(charset_detect("x", 1, NULL, 0), CHARSET_WINDOWS_1252);
    assert_int_equal(charset_detect("<\0?\0x\0", 6, NULL, 0), CHARSET_UTF_16LE);
    assert_int_equal(charset_detect("+ADw-meta+AD4-", 14, NULL, 0),
                     CHARSET_WINDOWS_1252);
}

static void decode(struct charset_text *text, enum charset charset,
                   const char *data, size_t len, size_t step, struct buf *out)
{
    buf_reset(out);
    charset_text_start(text, charset);
    if (len == 0)
        assert_int_equal(charset_text_add(text, NULL, 0, true, out), CERR_OK);
    for (size_t at = 0; at < len; at += step) {
        size_t left = len - at, piece = left < step ? left : step;

        assert_int_equal(
            charset_text_add(text, data + at, piece, piece == left, out),
            CERR_OK);
    }
    assert_int_equal(text_utf8_prefix(out->data, out->len), out->len);
    assert_int_equal(text->chars, charset_count_chars(out->data, out->len));
}

struct row {
    enum charset charset;
    const char *data;
    size_t len;
    const char *utf8;
    size_t utf8_len;
};

#define ROW(charset, data, utf8)                                               \
    {                                                                          \
        charset, data, sizeof(data) - 1, utf8, sizeof(utf8) - 1                \
    }

/* In pieces of one to nine bytes. */
static void expect_rows(const struct row *rows, size_t nr)
{
    struct charset_text text;
    struct buf out;

    charset_text_init(&text);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < nr; i++) {
        for (size_t step = 1; step < 10; step++) {
            decode(&text, rows[i].charset, rows[i].data, rows[i].len, step,
                   &out);
            if (out.len != rows[i].utf8_len ||
                (out.len > 0 && memcmp(out.data, rows[i].utf8, out.len) != 0))
                fail_msg("row %zu, %s, step %zu: %.*s", i,
                         charset_name(rows[i].charset), step, (int)out.len,
                         (char *)out.data);
        }
    }
    buf_release(&out);
}

static void charset_decodes_however_the_text_is_cut(void **state)
{
    static const struct row rows[] = {
        ROW(CHARSET_WINDOWS_1252, "caf\xe9 \x80\x81\x9d",
            "caf\xc3\xa9 "
            "\xe2\x82\xac\xc2\x81\xc2\x9d"),
        ROW(CHARSET_WINDOWS_1252, "a\0b", "a\0b"),
        ROW(CHARSET_WINDOWS_1253, "\xaa\xe1", FFFD "\xce\xb1"),
        ROW(CHARSET_WINDOWS_1255, "\xca\xd9", "\xd6\xba" FFFD),
        ROW(CHARSET_WINDOWS_1258, "a\xec", "a\xcc\x81"),
        ROW(CHARSET_KOI8_R, "\xd0\xd2", "\xd0\xbf\xd1\x80"),
        ROW(CHARSET_KOI8_U, "\xae\xbe", "\xd1\x9e\xd0\x8e"),
        ROW(CHARSET_ISO_8859_8_I, "\xe0\xdf", "\xd7\x90\xe2\x80\x97"),
        ROW(CHARSET_X_MAC_CYRILLIC, "\xa2\xff", "\xd2\x90\xe2\x82\xac"),
        ROW(CHARSET_X_USER_DEFINED, "a\x80\xff", "a\xef\x9e\x80\xef\x9f\xbf"),
        ROW(CHARSET_REPLACEMENT, "whatever", FFFD),
        ROW(CHARSET_REPLACEMENT, "", ""),
        ROW(CHARSET_UTF_16LE, "\xff\xfe<\0\x3d\xd8\x00\xde",
            "<\xf0\x9f\x98\x80"),
        ROW(CHARSET_UTF_16BE, "\xfe\xff\0<\xd8\x3d\xde\x00\0",
            "<\xf0\x9f\x98\x80" FFFD),
        ROW(CHARSET_UTF_16LE, "\x3d\xd8x\0\x00\xde\0\0", FFFD "x" FFFD "\0"),
        ROW(CHARSET_UTF_16LE, "\x3d\xd8", FFFD),
        ROW(CHARSET_UTF_16LE, "\xfe\xff", "\xef\xbf\xbe"),
        ROW(CHARSET_UTF_8,
            "\xef\xbb\xbf"
            "a\xef\xbb\xbf",
            "a\xef\xbb\xbf"),
        ROW(CHARSET_UTF_8, "\xef\xbb", FFFD),
        ROW(CHARSET_UTF_8, "\xc3\xa9\xf0\x9f\x98\x80",
            "\xc3\xa9\xf0\x9f\x98\x80"),
        ROW(CHARSET_UTF_8, "\xc0\xaf\xe0\x80\xaf", FFFD FFFD FFFD FFFD FFFD),
        ROW(CHARSET_UTF_8, "\xed\xa0\x80\xf4\x90\x80\x80",
            FFFD FFFD FFFD FFFD FFFD FFFD FFFD),
        ROW(CHARSET_UTF_8,
            "\xf0\x9f\x98"
            "a\xe2\x82",
            FFFD "a" FFFD),
        ROW(CHARSET_UTF_8, "", ""),
    };

    (void)state;
    expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void charset_decodes_characters_of_many_bytes(void **state)
{
    static const struct row rows[] = {
        ROW(CHARSET_GB18030, "\xbe\xa9\x81\x30\x81\x30x",
            "\xe4\xba\xac\xc2\x80x"),
        ROW(CHARSET_GBK, "\xbe\xa9<\xbe<", "\xe4\xba\xac<" FFFD "<"),
        ROW(CHARSET_GBK, "\xbe", FFFD),
        ROW(CHARSET_BIG5, "\xa4\xa4\xa4\xe5", "\xe4\xb8\xad\xe6\x96\x87"),
        ROW(CHARSET_BIG5, "\x88\x62x\x88\x66", "\xc3\x8a\xcc\x84x\xc3\x8a"),
        ROW(CHARSET_EUC_JP, "\xc6\xfc\xcb\xdc\x8e\xb1",
            "\xe6\x97\xa5\xe6\x9c\xac\xef\xbd\xb1"),
        ROW(CHARSET_SHIFT_JIS, "\x93\xfa\x96{\xb1\x87@",
            "\xe6\x97\xa5\xe6\x9c\xac\xef\xbd\xb1\xe2\x91\xa0"),
        ROW(CHARSET_ISO_2022_JP, "a\x1b$B\x46\x7c\x4b\x5c\x1b(Bb",
            "a\xe6\x97\xa5\xe6\x9c\xac"
            "b"),
        ROW(CHARSET_EUC_KR, "\xc7\xd1\xb1\xdb\x81\x41",
            "\xed\x95\x9c\xea\xb8\x80\xea\xb0\x82"),
        /* of four bytes: the first run, one between, the last, beyond */
        ROW(CHARSET_GB18030, "\x81\x30\x81\x31\x81\x35\xf4\x37",
            "\xc2\x81\xee\x9f\x87"),
        ROW(CHARSET_GB18030, "\x84\x31\xa4\x39\x90\x30\x81\x30",
            "\xef\xbf\xbf\xf0\x90\x80\x80"),
        ROW(CHARSET_GB18030, "\xe3\x32\x9a\x35\xe3\x32\x9a\x36",
            "\xf4\x8f\xbf\xbf" FFFD),
        ROW(CHARSET_GB18030, "\x84\x31\xa5\x30\xff\x80",
            FFFD FFFD "\xe2\x82\xac"),
        /* what is no character is read again, but for its first byte */
        ROW(CHARSET_GB18030, "\x81\x30<", FFFD "0<"),
        ROW(CHARSET_GB18030, "\x81\x30\x81<", FFFD "0" FFFD "<"),
        ROW(CHARSET_GBK, "\x81\x30\x81", FFFD),
        ROW(CHARSET_GBK, "\xa3\xa0", "\xe3\x80\x80"),
        ROW(CHARSET_BIG5, "\xa3\xe1\xa1\x45\x8e\xd0",
            "\xe2\x82\xac\xe2\x80\xa7\xe8\x80\xa8"),
        ROW(CHARSET_BIG5, "\x88\x64\x88\xa3\x88\xa5",
            "\xc3\x8a\xcc\x8c\xc3\xaa\xcc\x84\xc3\xaa\xcc\x8c"),
        ROW(CHARSET_BIG5, "\x80\xff\x81<\x81\xa1", FFFD FFFD FFFD "<" FFFD),
        ROW(CHARSET_EUC_JP, "\x8f\xa2\xc3\x8f\xa2\xb7", "\xc2\xa6\xef\xbd\x9e"),
        ROW(CHARSET_EUC_JP, "\x80\x9f\xff\x8e<\x8f<",
            FFFD FFFD FFFD FFFD "<" FFFD "<"),
        ROW(CHARSET_EUC_JP, "\x8f\xa1<\x8f\xa1\xa1\x8f\xa1",
            FFFD "<" FFFD FFFD),
        ROW(CHARSET_SHIFT_JIS, "\\~\x80\xa0\xfd\xf0\x40",
            "\\~\xc2\x80" FFFD FFFD "\xee\x80\x80"),
        ROW(CHARSET_SHIFT_JIS, "\x81<\x85\x40\x81", FFFD "<" FFFD "@" FFFD),
        ROW(CHARSET_EUC_KR, "\xa2\xe8\x80\xc7<", FFFD FFFD FFFD "<"),
        ROW(CHARSET_ISO_2022_JP, "\x1b(J\\~\x1b(I1\x1b(B\\",
            "\xc2\xa5\xe2\x80\xbe\xef\xbd\xb1\\"),
        ROW(CHARSET_ISO_2022_JP, "\x0e\xe9\x1b<\x1b$<\x1b",
            FFFD FFFD FFFD "<" FFFD "$<" FFFD),
        /* two escape sequences in a row hide nothing */
        ROW(CHARSET_ISO_2022_JP, "\x1b(J\x1b(B<", FFFD "<"),
        ROW(CHARSET_ISO_2022_JP, "\x1b$B\x46\x1b(B<", FFFD "<"),
        ROW(CHARSET_ISO_2022_JP, "\x1b$@\x46\n\x46", FFFD FFFD),
    };

    (void)state;
    expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Longer than the decoders' pieces, in every charset, at odd cuts. */
static void charset_decodes_long_texts_the_same_in_pieces(void **state)
{
    static char data[20000];
    static const size_t steps[] = {1, 17, 4095, 4096, 4097};
    struct charset_text text;
    struct buf whole, out;
    uint32_t seed = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        seed = seed * 1664525U + 1013904223U;
        data[i] = (char)(seed >> 24);
    }
    charset_text_init(&text);
    buf_init(&whole, 1 << 20);
    buf_init(&out, 1 << 20);
    for (int i = 0; i < CHARSET_NR; i++) {
        decode(&text, (enum charset)i, data, sizeof(data), sizeof(data),
               &whole);
        for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
            decode(&text, (enum charset)i, data, sizeof(data), steps[j], &out);
            if (out.len != whole.len ||
                memcmp(out.data, whole.data, out.len) != 0)
                fail_msg("%s, step %zu", charset_name((enum charset)i),
                         steps[j]);
        }
    }
    buf_release(&whole);
    buf_release(&out);
}

/* The tables agree with glibc's wherever glibc has a character. Left out are
 * KOI8-U and the two of the Mac, which the standard has in newer versions. */
static void charset_tables_agree_with_iconv(void **state)
{
    static const char *const names[CHARSET_SINGLE_NR] = {
        "IBM866",      "ISO-8859-2",  "ISO-8859-3",  "ISO-8859-4",
        "ISO-8859-5",  "ISO-8859-6",  "ISO-8859-7",  "ISO-8859-8",
        "ISO-8859-10", "ISO-8859-13", "ISO-8859-14", "ISO-8859-15",
        "ISO-8859-16", "KOI8-R",      NULL,          NULL,
        "CP874",       "CP1250",      "CP1251",      "CP1252",
        "CP1253",      "CP1254",      "CP1255",      "CP1256",
        "CP1257",      "CP1258",      NULL};
    struct charset_text text;
    struct buf ours;

    (void)state;
    charset_text_init(&text);
    buf_init(&ours, 100);
    for (int i = 0; i < CHARSET_SINGLE_NR; i++) {
        iconv_t theirs = names[i] ? iconv_open("UTF-8", names[i]) : (iconv_t)-1;

        if (theirs == (iconv_t)-1)
            continue;
        for (int byte = 0x80; byte < 0x100; byte++) {
            char in[1] = {(char)byte}, out[8], *in_at = in, *out_at = out;
            size_t in_len = 1, room = sizeof(out);

            if (iconv(theirs, &in_at, &in_len, &out_at, &room) != 0 ||
                iconv(theirs, NULL, NULL, &out_at, &room) != 0) {
                iconv(theirs, NULL, NULL, NULL, NULL);
                continue;
            }
            decode(&text, (enum charset)i, in, 1, 1, &ours);
            if (ours.len != sizeof(out) - room ||
                memcmp(ours.data, out, ours.len) != 0)
                fail_msg("%s 0x%02x", names[i], (unsigned)byte);
        }
        iconv_close(theirs);
    }
    buf_release(&ours);
}

/* The worker's sandbox opens no files: all works with no descriptor to be
 * had. */
static void charset_needs_no_file(void **state)
{
    static const char sample[] = "\xc4\xe3\xba\xc3";
    struct rlimit limit, none;
    struct charset_text text;
    struct buf out;
    size_t nr_bad = 0;

    (void)state;
    charset_text_init(&text);
    buf_init(&out, 10000);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int round = 0; round < 3; round++) {
        for (int i = CHARSET_SINGLE_NR; i < CHARSET_NR; i++) {
            decode(&text, (enum charset)i, sample, 4, 4, &out);
            if (i >= CHARSET_GBK && i <= CHARSET_EUC_KR &&
                i != CHARSET_ISO_2022_JP)
                nr_bad += out.len == 4 * strlen(FFFD);
            nr_bad += charset_encode_query((enum charset)i, "?\xc3\xa9", 3,
                                           &out) != CERR_OK;
        }
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(nr_bad, 0);
    buf_release(&out);
}

static void charset_counts_characters(void **state)
{
    char text[9000];
    size_t chars = 0, len = 0;

    (void)state;
    assert_int_equal(charset_count_chars("", 0), 0);
    assert_int_equal(charset_count_chars("a\xc3\xa9\xe2\x82\xac", 6), 3);
    while (len + 4 < sizeof(text)) {
        static const char *const parts[] = {"x", "\xc3\xa9", "\xe2\x82\xac",
                                            "\xf0\x9f\x98\x80"};
        const char *part = parts[(chars * 7 + chars / 3) % 4];

        for (; *part; part++)
            text[len++] = *part;
        chars++;
        if (chars % 61 == 0)
            assert_int_equal(charset_count_chars(text, len), chars);
    }
    assert_int_equal(charset_count_chars(text, len), chars);
}

static void charset_text_says_when_its_output_is_full(void **state)
{
    struct charset_text text;
    struct buf out;

    (void)state;
    charset_text_init(&text);
    buf_init(&out, 5);
    charset_text_start(&text, CHARSET_WINDOWS_1252);
    assert_int_equal(charset_text_add(&text, "\xe9\xe9\xe9", 3, true, &out),
                     CERR_TOO_BIG);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charset_finds_labels_in_any_case),
        cmocka_unit_test(charset_finds_every_one_by_its_own_name),
        cmocka_unit_test(charset_reads_the_header),
        cmocka_unit_test(charset_prescans_as_the_standard_does),
        cmocka_unit_test(charset_prescan_ends_after_its_bytes),
        cmocka_unit_test(charset_detects_in_the_order_of_the_standard),
        cmocka_unit_test(charset_decodes_however_the_text_is_cut),
        cmocka_unit_test(charset_decodes_characters_of_many_bytes),
        cmocka_unit_test(charset_decodes_long_texts_the_same_in_pieces),
        cmocka_unit_test(charset_tables_agree_with_iconv),
        cmocka_unit_test(charset_needs_no_file),
        cmocka_unit_test(charset_counts_characters),
        cmocka_unit_test(charset_text_says_when_its_output_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
