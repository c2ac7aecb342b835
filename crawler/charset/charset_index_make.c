/*
 * charset_index_make: prints the indexes of charset_index.c as arrays of C. It
 * runs when the project is built.
 *
 * DESIGN. The indexes of the Encoding standard (5) for the Chinese, Japanese
 * and Korean encodings have 83,000 characters, and glibc's converters know
 * nearly all of them. So the converter is asked for one character after the
 * other, and what it says is set right where glibc's tables differ from the
 * standard's.
 */
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "crawler/charset/charset_spell.h"

#define NO_ICONV     ((iconv_t)-1)
#define POINTERS_MAX 24000

enum {
    JIS0208 = CHARSET_INDEX_JIS0208,
    JIS0212 = CHARSET_INDEX_JIS0212,
    BIG5 = CHARSET_INDEX_BIG5,
    GB18030 = CHARSET_INDEX_GB18030
};

/* clang-format off */

/* Where glibc 2.36 has other characters or none: `nr` pointers from `pointer`
 * are the characters from `code`, or none if that is 0. */
static const struct patch {
    uint8_t kind;
    uint16_t pointer, nr, code;
} patches[] = {
    {JIS0208, 8836, 1880, 0x0000}, /* for private use */
    {JIS0212, 128, 1, 0x00a6}, {JIS0212, 7790, 1046, 0x0000},
    {BIG5, 2082, 1, 0x7bb8}, {BIG5, 2088, 1, 0x7c06}, {BIG5, 2103, 1, 0x7cce},
    {BIG5, 2114, 1, 0x7dd2}, {BIG5, 2123, 1, 0x7e1d}, {BIG5, 2148, 1, 0x8005},
    {BIG5, 2151, 1, 0x8028}, {BIG5, 2221, 1, 0x83c1}, {BIG5, 2239, 1, 0x84a8},
    {BIG5, 2244, 1, 0x840f}, {BIG5, 2303, 1, 0x89a6}, {BIG5, 2304, 1, 0x89a9},
    {BIG5, 2354, 1, 0x8d77}, {BIG5, 2400, 1, 0x90fd}, {BIG5, 2413, 1, 0x92b9},
    {BIG5, 2477, 1, 0x975c}, {BIG5, 2498, 1, 0x97ff}, {BIG5, 2605, 1, 0x9f16},
    {BIG5, 2673, 1, 0x8503}, {BIG5, 2746, 1, 0x5159}, {BIG5, 2747, 1, 0x515b},
    {BIG5, 2748, 2, 0x515d}, {BIG5, 2771, 1, 0x936e}, {BIG5, 2780, 1, 0x7479},
    {BIG5, 2990, 1, 0x6d67}, {BIG5, 3087, 1, 0x799b}, {BIG5, 3259, 1, 0x9097},
    {BIG5, 3301, 1, 0x975d}, {BIG5, 3436, 1, 0x701e}, {BIG5, 3451, 1, 0x5b28},
    {BIG5, 4136, 1, 0x7201}, {BIG5, 4138, 1, 0x77d7}, {BIG5, 4141, 1, 0x7e87},
    {BIG5, 4182, 1, 0x99d6}, {BIG5, 4206, 1, 0x91d4}, {BIG5, 4220, 1, 0x60de},
    {BIG5, 4230, 1, 0x6fb6}, {BIG5, 4241, 1, 0x8f36}, {BIG5, 4258, 1, 0x4fbb},
    {BIG5, 4273, 1, 0x71df}, {BIG5, 4279, 1, 0x9104}, {BIG5, 4282, 1, 0x9df0},
    {BIG5, 4294, 1, 0x83cf}, {BIG5, 4329, 1, 0x5c10}, {BIG5, 4330, 1, 0x79e3},
    {BIG5, 4349, 1, 0x5a67}, {BIG5, 4419, 1, 0x8f0b}, {BIG5, 4422, 1, 0x7b51},
    {BIG5, 4494, 1, 0x62d0}, {BIG5, 4624, 1, 0x6062}, {BIG5, 4694, 1, 0x75f9},
    {BIG5, 4708, 1, 0x6c4a}, {BIG5, 4742, 1, 0x9b2e}, {BIG5, 4748, 1, 0x9f17},
    {BIG5, 4815, 1, 0x50ed}, {BIG5, 4828, 1, 0x5f0c}, {BIG5, 4902, 1, 0x880f},
    {BIG5, 4922, 1, 0x62ce}, {BIG5, 4982, 1, 0x7468}, {BIG5, 4992, 1, 0x7162},
    {BIG5, 4997, 1, 0x7250}, {BIG5, 5029, 1, 0x2027}, {BIG5, 5038, 1, 0xfe51},
    {BIG5, 5050, 1, 0x2574}, {BIG5, 5120, 1, 0x00af}, {BIG5, 5121, 1, 0xffe3},
    {BIG5, 5123, 1, 0x02cd}, {BIG5, 5153, 1, 0xff5e}, {BIG5, 5168, 1, 0x2295},
    {BIG5, 5169, 1, 0x2299}, {BIG5, 5180, 1, 0xff0f}, {BIG5, 5181, 1, 0xff3c},
    {BIG5, 5182, 1, 0x2215}, {BIG5, 5183, 1, 0xfe68}, {BIG5, 5185, 1, 0xffe5},
    {BIG5, 5187, 2, 0xffe0}, {BIG5, 5287, 1, 0x5341}, {BIG5, 5289, 1, 0x5345},
    {BIG5, 5432, 32, 0x2400}, {BIG5, 5464, 1, 0x2421}, {BIG5, 5465, 1, 0x20ac},
    {BIG5, 10942, 1, 0x5ef4}, {BIG5, 10946, 1, 0x65e0},
    {BIG5, 10948, 1, 0x7676}, {BIG5, 10950, 1, 0x96b6},
    {BIG5, 10957, 1, 0x3003}, {BIG5, 10958, 1, 0x4edd},
    {BIG5, 19028, 1, 0x5029}, {BIG5, 19035, 1, 0x507d},
    {BIG5, 19088, 1, 0x5305}, {BIG5, 19096, 1, 0x5344},
    {BIG5, 19112, 1, 0x537f}, {BIG5, 19162, 1, 0x5605},
    {BIG5, 19240, 1, 0x5a77}, {BIG5, 19299, 1, 0x5e75},
    {BIG5, 19305, 1, 0x5ed0}, {BIG5, 19326, 1, 0x5f58},
    {BIG5, 19355, 1, 0x60a4}, {BIG5, 19398, 1, 0x6490},
    {BIG5, 19439, 1, 0x6674}, {BIG5, 19454, 1, 0x675e},
    {BIG5, 19553, 1, 0x6c9c}, {BIG5, 19554, 1, 0x6e1d},
    {BIG5, 19557, 1, 0x6e2f}, {BIG5, 19611, 1, 0x716e},
    {BIG5, 19643, 1, 0x732a}, {BIG5, 19672, 1, 0x745c},
    {BIG5, 19697, 1, 0x74e9}, {BIG5, 19748, 1, 0x7809},
    {GB18030, 6555, 1, 0x3000}, {GB18030, 23767, 3, 0xe816},
    {GB18030, 23794, 1, 0xe831}, {GB18030, 23804, 1, 0xe83b},
    {GB18030, 23830, 1, 0xe855},
};
/* clang-format on */

#define NR_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *iconv_name;
    unsigned nr;
} kinds[CHARSET_INDEX_NR] = {
    [CHARSET_INDEX_JIS0208] = {"jis0208", "CP932", 11104},
    [CHARSET_INDEX_JIS0212] = {"jis0212", "EUC-JP-MS", 8836},
    [CHARSET_INDEX_BIG5] = {"big5", "BIG5-HKSCS", 19782},
    [CHARSET_INDEX_EUC_KR] = {"euc_kr", "CP949", 23940},
    [CHARSET_INDEX_GB18030] = {"gb18030", "GB18030", 23940},
};

/* The one character that the bytes are, or 0. */
static uint32_t ask(iconv_t converter, unsigned char *bytes, size_t len)
{
    unsigned char out[16];
    char *from = (char *)bytes, *to = (char *)out;
    size_t room = sizeof(out);

    if (iconv(converter, &from, &len, &to, &room) == (size_t)-1 ||
        iconv(converter, NULL, NULL, &to, &room) == (size_t)-1 ||
        room != sizeof(out) - 4) {
        iconv(converter, NULL, NULL, NULL, NULL);
        return 0;
    }
    return out[0] | (uint32_t)out[1] << 8 | (uint32_t)out[2] << 16;
}

static void apply_patches(uint32_t *codes, unsigned kind)
{
    for (size_t i = 0; i < NR_OF(patches); i++) {
        const struct patch *patch = &patches[i];

        for (unsigned j = 0; j < patch->nr && patch->kind == kind; j++)
            codes[patch->pointer + j] = patch->code ? patch->code + j : 0;
    }
}

static bool print_index(unsigned kind)
{
    static uint32_t codes[POINTERS_MAX];
    iconv_t converter = iconv_open("UCS-4LE", kinds[kind].iconv_name);

    if (converter == NO_ICONV) {
        fprintf(stderr,
                "charset_index_make: iconv has no %s here; it comes with the "
                "modules of gconv\n",
                kinds[kind].iconv_name);
        return false;
    }
    for (unsigned i = 0; i < kinds[kind].nr; i++) {
        unsigned char bytes[CHARSET_SPELL_BYTES_MAX];
        size_t len = charset_spell((enum charset_index_kind)kind, i, bytes);

        codes[i] = ask(converter, bytes, len);
    }
    iconv_close(converter);
    apply_patches(codes, kind);
    printf("static const uint32_t %s[] = {", kinds[kind].name);
    for (unsigned i = 0; i < kinds[kind].nr; i++)
        printf("%s%#x,", i % 8 ? " " : "\n    ", codes[i]);
    puts("\n};");
    return true;
}

int main(void)
{
    for (unsigned kind = 0; kind < CHARSET_INDEX_NR; kind++)
        if (!print_index(kind))
            return EXIT_FAILURE;
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
