/*
 * The indexes in the program against the files in data/encoding: another
 * reader than charset_index_make.c, so that neither can err alone.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/charset/charset.h"
#include "crawler/charset/charset_index.h"
#include "tests/support/cmocka_all.h"

#define POINTERS_MAX 24000

struct file {
    FILE *stream;
    char line[256];
};

static void open_index(struct file *file, const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/data/encoding/%s.txt", TEST_SOURCE_DIR,
             name);
    file->stream = fopen(path, "re");
    if (!file->stream)
        fail_msg("cannot read %s", path);
}

/* The next section's name, in lower case as it is written; false at the end.
 * Its codes go into `codes`, 0 where there is none. */
static bool read_section(struct file *file, char *name, uint32_t *codes)
{
    if (file->line[0] == '\0' &&
        !fgets(file->line, sizeof(file->line), file->stream))
        return false;
    assert_int_equal(sscanf(file->line, "index %31s", name), 1);
    memset(codes, 0, POINTERS_MAX * sizeof(*codes));
    while (fgets(file->line, sizeof(file->line), file->stream)) {
        unsigned pointer;
        int used;

        if (!isdigit((unsigned char)file->line[0]))
            return true;
        assert_int_equal(sscanf(file->line, "%u%n", &pointer, &used), 1);
        for (const char *at = file->line + used; *at != '\n'; pointer++) {
            assert_int_equal(sscanf(at, "%x%n", &codes[pointer], &used), 1);
            at += used;
        }
    }
    file->line[0] = '\0';
    return true;
}

static void index_of_many_bytes_is_what_its_file_says(void **state)
{
    static const struct {
        const char *name;
        enum charset_index_kind kind;
        unsigned nr;
    } rows[] = {
        {"jis0208", CHARSET_INDEX_JIS0208, 7724},
        {"jis0212", CHARSET_INDEX_JIS0212, 6067},
        {"big5", CHARSET_INDEX_BIG5, 18590},
        {"euc-kr", CHARSET_INDEX_EUC_KR, 17048},
        {"gb18030", CHARSET_INDEX_GB18030, 23940},
    };
    static uint32_t codes[POINTERS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file file = {0};
        unsigned nr = 0;
        char name[32];

        open_index(&file, rows[i].name);
        assert_true(read_section(&file, name, codes));
        assert_string_equal(name, rows[i].name);
        for (unsigned at = 0; at < POINTERS_MAX; at++) {
            nr += codes[at] != 0;
            if (charset_index_code(rows[i].kind, at) != codes[at])
                fail_msg("%s, pointer %u", name, at);
        }
        assert_int_equal(nr, rows[i].nr);
        assert_false(read_section(&file, name, codes));
        fclose(file.stream);
    }
}

static void index_of_one_byte_is_what_its_file_says(void **state)
{
    static uint32_t codes[POINTERS_MAX];
    struct file file = {0};
    char name[32];
    int nr = 0;

    (void)state;
    open_index(&file, "single-byte");
    for (; read_section(&file, name, codes); nr++) {
        enum charset charset;

        assert_true(charset_find(name, strlen(name), &charset));
        assert_string_equal(charset_name(charset), name);
        for (unsigned i = 0; i < 128; i++)
            if (charset_tables[charset][i] != codes[i])
                fail_msg("%s, byte 0x%02x", name, 0x80 + i);
    }
    assert_int_equal(nr, CHARSET_SINGLE_NR);
    fclose(file.stream);
}

/* Each line is where a run begins; the one before ends there. */
static void ranges_of_gb18030_are_what_their_file_says(void **state)
{
    unsigned pointer, code, nr = 0;
    struct file file = {0};

    (void)state;
    open_index(&file, "gb18030-ranges");
    assert_non_null(fgets(file.line, sizeof(file.line), file.stream));
    for (; fgets(file.line, sizeof(file.line), file.stream); nr++) {
        assert_int_equal(sscanf(file.line, "%u %x", &pointer, &code), 2);
        assert_int_equal(charset_gb18030_ranges(pointer), code);
        assert_int_equal(charset_gb18030_ranges_pointer(code), pointer);
    }
    assert_int_equal(nr, 207);
    fclose(file.stream);
}

static void ranges_of_gb18030_end_where_the_standard_says(void **state)
{
    (void)state;
    assert_int_equal(charset_gb18030_ranges(7457), 0xe7c7); /* stands alone */
    assert_int_equal(charset_gb18030_ranges(7458), 0x1e40);
    assert_int_equal(charset_gb18030_ranges_pointer(0xe7c7), 7457);
    assert_int_equal(charset_gb18030_ranges(39419), 0xffff);
    assert_int_equal(charset_gb18030_ranges(39420), 0);
    assert_int_equal(charset_gb18030_ranges(188999), 0);
    assert_int_equal(charset_gb18030_ranges(189000), 0x10000);
    assert_int_equal(charset_gb18030_ranges(1237575), 0x10ffff);
    assert_int_equal(charset_gb18030_ranges(1237576), 0);
    assert_int_equal(charset_gb18030_ranges_pointer(0x10ffff), 1237575);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_of_many_bytes_is_what_its_file_says),
        cmocka_unit_test(index_of_one_byte_is_what_its_file_says),
        cmocka_unit_test(ranges_of_gb18030_are_what_their_file_says),
        cmocka_unit_test(ranges_of_gb18030_end_where_the_standard_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
