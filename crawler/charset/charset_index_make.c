/*
 * charset_index_make: prints the indexes of the Encoding standard (5) as
 * arrays of C, for charset_index.c. It runs when the project is built.
 *
 *     charset_index_make data/encoding > charset_index.inc
 *
 * data/README.md describes the files. What it prints for each:
 *
 *     big5.txt and its like   an array of code points, by pointer; 0 is a hole
 *     gb18030-ranges.txt      an array of struct run, as the file has them
 *     single-byte.txt         charset_tables, a row for each encoding
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTERS_MAX 200000 /* the last of gb18030-ranges is 189000 */
#define LINE_BYTES   256
#define NAME_BYTES   32
#define SINGLE_NR    128

/* An index is one section of a file: what follows a line "index NAME". */
struct index {
    char name[NAME_BYTES]; /* as C writes it: "euc_kr" */
    uint32_t codes[POINTERS_MAX];
    unsigned nr; /* behind the last pointer that has a code */
};

typedef void (*print_fn)(const struct index *index);

static void print_codes(const struct index *index)
{
    for (unsigned i = 0; i < index->nr; i++)
        printf("%s%#x,", i % 8 ? " " : "\n    ", index->codes[i]);
}

static void print_large(const struct index *index)
{
    printf("static const uint32_t %s[] = {", index->name);
    print_codes(index);
    puts("\n};");
}

/* The pointers lie far apart, so the holes between them are left out. */
static void print_ranges(const struct index *index)
{
    printf("static const struct run %s[] = {\n", index->name);
    for (unsigned i = 0; i < index->nr; i++)
        if (index->codes[i])
            printf("    {%u, %#x},\n", i, index->codes[i]);
    puts("};");
}

static void print_single(const struct index *index)
{
    printf("    [CHARSET_");
    for (const char *at = index->name; *at; at++)
        putchar(toupper((unsigned char)*at));
    printf("] = {");
    print_codes(index);
    puts("\n    },");
}

/* A line "index NAME" begins a section; `name` is what stands behind the blank.
 */
static bool begin_index(struct index *index, const char *name)
{
    size_t len = strcspn(name, "\n");

    if (len == 0 || len >= sizeof(index->name))
        return false;
    memset(index, 0, sizeof(*index));
    memcpy(index->name, name, len);
    for (size_t i = 0; i < len; i++)
        if (index->name[i] == '-')
            index->name[i] = '_';
    return true;
}

/* A line "POINTER<TAB>CODE CODE ..." has the codes of that pointer and of those
 * behind it. */
static bool read_codes(struct index *index, const char *line)
{
    char *end;
    unsigned long pointer = strtoul(line, &end, 10);

    if (*end != '\t' || index->name[0] == '\0')
        return false;
    do {
        unsigned long code = strtoul(end + 1, &end, 16);

        if (pointer >= POINTERS_MAX || code == 0 || code > 0x10ffff)
            return false;
        index->codes[pointer++] = (uint32_t)code;
    } while (*end == ' ');
    if (pointer > index->nr)
        index->nr = (unsigned)pointer;
    return *end == '\n';
}

/* Prints each section when the next one begins, and the last at the end. */
static bool print_file(const char *folder, const char *name, print_fn print)
{
    static const char title[] = "index ";
    static struct index index;
    char path[4096], line[LINE_BYTES];
    bool good = true;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.txt", folder, name);
    file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    index.name[0] = '\0';
    while (good && fgets(line, sizeof(line), file)) {
        bool is_title = strncmp(line, title, strlen(title)) == 0;

        if (is_title && index.name[0])
            print(&index);
        good = is_title ? begin_index(&index, line + strlen(title))
                        : read_codes(&index, line);
    }
    good = good && index.name[0] && !ferror(file);
    fclose(file);
    if (good)
        print(&index);
    else
        fprintf(stderr, "%s: not an index: %s\n", path, line);
    return good;
}

int main(int argc, char **argv)
{
    static const char *const large[] = {"big5", "euc-kr", "gb18030", "jis0208",
                                        "jis0212"};
    bool good = argc == 2;

    for (size_t i = 0; good && i < sizeof(large) / sizeof(large[0]); i++)
        good = print_file(argv[1], large[i], print_large);
    good = good && print_file(argv[1], "gb18030-ranges", print_ranges);
    printf("const uint16_t charset_tables[CHARSET_SINGLE_NR][%d] = {\n",
           SINGLE_NR);
    good = good && print_file(argv[1], "single-byte", print_single);
    puts("};");
    return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
